"""The auditor's side of a running server: its service, and a record of every caller who was turned away."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set

import grpc

from grille.server.audit.log import AuditLog
from grille.server.audit.overview.model import Overview
from grille.server.audit.record import AuditRecord, Event
from grille.server.audit.signing import key_id, key_pem
from grille.server.errors import GrilleError
from grille.server.execution.audit_desk import AuditDesk
from grille.server.execution.desk import Place
from grille.server.execution.interface import Caller
from grille.server.transport.audit import AuditServicer
from grille.server.transport.identity import Identify
from grille.v1 import audit_pb2, audit_pb2_grpc

TURNED_AWAY = frozenset({"UNKNOWN_SESSION"})
"""Reasons beside those of rights that tell of somebody who tries what is not theirs."""


def add_audit_service(
    server: grpc.Server,
    log: AuditLog,
    places: Callable[[Caller], Sequence[Place]],
    overview: Callable[[Set[str], str], Overview],
    identify: Identify,
) -> None:
    """Register AuditService; `places` are memberships also in ended projects, `overview` makes that of projects."""

    def keys() -> list[audit_pb2.PublicKey]:
        return [audit_pb2.PublicKey(id=key_id(key), pem=key_pem(key)) for key in log.public_keys]

    servicer = AuditServicer(AuditDesk(log, places, overview), identify, keys)
    audit_pb2_grpc.add_AuditServiceServicer_to_server(servicer, server)


def denial_recorder(log: AuditLog, identify: Identify) -> Callable[[grpc.ServicerContext, str, GrilleError], None]:
    """Return what records that a call was turned away for want of a right; it raises AUDIT_UNAVAILABLE."""

    def record(context: grpc.ServicerContext, method: str, error: GrilleError) -> None:
        if error.category != "permission" and error.reason not in TURNED_AWAY:
            return
        try:
            caller = identify(context)
        except GrilleError:
            caller = Caller("", "")  # the certificate itself was turned down
        log.append(
            AuditRecord(
                Event.ACCESS_DENIED,
                subject=caller.user,
                certificate=caller.thumbprint,
                reason=error.reason,
                detail=(("method", method.removeprefix("/grille.v1.")),),
            )
        )

    return record
