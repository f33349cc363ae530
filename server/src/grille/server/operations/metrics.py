"""Figures about the running server for Prometheus, on a port of the machine itself; none depends on data or users."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, start_http_server

from grille.server.operations.addresses import cannot_listen

LOOPBACK = "127.0.0.1"
_SECONDS = (0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 300.0, 900.0)


class Metrics:
    """The figures. Labels are names of rpcs and whether they went well: no user, project, command, reason or size."""

    def __init__(self) -> None:
        """Make the figures, all zero."""
        self.registry = CollectorRegistry()
        self._calls = Counter("grille_calls", "Finished calls.", ("method", "outcome"), registry=self.registry)
        self._seconds = Histogram(
            "grille_call_seconds", "Time of calls.", ("method",), buckets=_SECONDS, registry=self.registry
        )
        self._gauges = {
            "sessions": Gauge("grille_open_sessions", "Open sessions.", registry=self.registry),
            "records": Gauge("grille_audit_records", "Records of the audit log.", registry=self.registry),
            "certificate": Gauge(
                "grille_server_certificate_expiry_timestamp_seconds",
                "When the server's certificate ends.",
                registry=self.registry,
            ),
        }
        ProcessCollector(registry=self.registry)

    def called(self, method: str, reason: str, seconds: float) -> None:
        """Count a finished call; `reason` is OK or anything else."""
        name = method.rpartition(".")[2]
        self._calls.labels(name, "ok" if reason == "OK" else "error").inc()
        self._seconds.labels(name).observe(seconds)

    def watch(self, gauge: str, value: Callable[[], float]) -> None:
        """Have a gauge (sessions, records or certificate) ask for its value when it is read."""
        self._gauges[gauge].set_function(value)

    def serve(self, port: int) -> None:
        """Answer Prometheus on a port of the machine itself, without encryption, from a thread of its own.

        Raises:
            InternalError: ADDRESS_IN_USE.
        """
        try:
            start_http_server(port, LOOPBACK, self.registry)
        except OSError:
            raise cannot_listen(f"{LOOPBACK}:{port}") from None
