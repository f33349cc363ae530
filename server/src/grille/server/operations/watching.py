"""What the operator is told of a running server: figures for Prometheus, and a warning before certificates end."""

from __future__ import annotations

import structlog
from cryptography import x509

from grille.server.audit.log import AuditLog
from grille.server.operations.config import ServerConfig
from grille.server.operations.expiry import WARNING_DAYS, days_left
from grille.server.operations.home import Home
from grille.server.operations.metrics import Metrics
from grille.server.operations.secret_files import read_secret
from grille.server.sessions.manager import SessionManager


def watch_over(home: Home, config: ServerConfig, metrics: Metrics, log: AuditLog, sessions: SessionManager) -> None:
    """Begin to tell; raises what Metrics.serve does."""
    certificate = x509.load_pem_x509_certificate(read_secret(home.server_certificate))
    metrics.watch("certificate", certificate.not_valid_after_utc.timestamp)
    metrics.watch("records", lambda: log.sequence)
    metrics.watch("sessions", lambda: sessions.count)
    warn_of_certificates(home)
    if config.metrics.port:
        metrics.serve(config.metrics.port)


def warn_of_certificates(home: Home) -> None:
    """Log a warning for each of the server's own certificates that ends within 30 days."""
    for path in (home.server_certificate, home.ca_certificate):
        left = days_left(x509.load_pem_x509_certificate(read_secret(path)).not_valid_after_utc)
        if left < WARNING_DAYS:
            structlog.get_logger().warning("certificate ends soon", code=path.name, days=left)
