"""SessionService: see the contract in session.proto."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from grille.server.execution.desk import Desk
from grille.server.execution.quotas import LABELS
from grille.server.sessions.session import Session, State
from grille.server.sessions.stop import Stop
from grille.server.transport.analysis import encoder
from grille.server.transport.identity import Identify
from grille.server.transport.interceptor import language_of
from grille.v1 import session_pb2, session_pb2_grpc

_STATES = {
    State.READY: session_pb2.SESSION_STATE_READY,
    State.RUNNING: session_pb2.SESSION_STATE_RUNNING,
    State.ASLEEP: session_pb2.SESSION_STATE_ASLEEP,
    State.INTERRUPTED: session_pb2.SESSION_STATE_INTERRUPTED,
}


class SessionServicer(session_pb2_grpc.SessionServiceServicer):
    """Thin: messages in, desk, messages out."""

    def __init__(self, desk: Desk, identify: Identify, login: session_pb2.GetLoginResponse) -> None:
        """Serve `desk` to callers that `identify` names; `login` is how they log in beside their certificate."""
        self._desk = desk
        self._login = login
        self._identify = identify

    def OpenSession(  # noqa: N802
        self, request: session_pb2.OpenSessionRequest, context: grpc.ServicerContext
    ) -> session_pb2.OpenSessionResponse:
        """Open a session."""
        caller = self._identify(context)
        language = language_of(request.language)
        session = self._desk.open_session(caller, request.project, language, twin=request.twin)
        return session_pb2.OpenSessionResponse(session=_message(session))

    def ListSessions(  # noqa: N802
        self, request: session_pb2.ListSessionsRequest, context: grpc.ServicerContext
    ) -> session_pb2.ListSessionsResponse:
        """List the caller's sessions."""
        sessions = self._desk.sessions(self._identify(context))
        return session_pb2.ListSessionsResponse(sessions=[_message(session) for session in sessions])

    def CloseSession(  # noqa: N802
        self, request: session_pb2.CloseSessionRequest, context: grpc.ServicerContext
    ) -> session_pb2.CloseSessionResponse:
        """Close a session."""
        self._desk.close_session(self._identify(context), request.session_id)
        return session_pb2.CloseSessionResponse()

    def ResumeSession(  # noqa: N802
        self, request: session_pb2.ResumeSessionRequest, context: grpc.ServicerContext
    ) -> session_pb2.ResumeSessionResponse:
        """Bring a session back."""
        caller = self._identify(context)
        language = self._desk.session(caller, request.session_id).language
        session = self._desk.resume(caller, request.session_id, encoder(language))
        return session_pb2.ResumeSessionResponse(
            session=_message(session),
            request_id=next(reversed(session.requests), ""),
            rebuilt_commands=session.rebuilt,
            datasets=list(session.scope.datasets),
        )

    def ReplaySession(  # noqa: N802
        self, request: session_pb2.ReplaySessionRequest, context: grpc.ServicerContext
    ) -> Iterator[session_pb2.ReplaySessionResponse]:
        """Replay a session; a vanished caller stops it."""
        caller = self._identify(context)
        stop = Stop()
        if not context.add_callback(stop.set):
            return
        for one in self._desk.replay(caller, request.session_id, stop):
            yield session_pb2.ReplaySessionResponse(
                index=one.index,
                total=one.total,
                source=one.entry.source,
                audit_record=one.entry.sequence,
                released_digest=one.entry.released_digest,
                same=not one.reason,
                reason=one.reason,
            )

    def GetUsage(  # noqa: N802
        self, request: session_pb2.GetUsageRequest, context: grpc.ServicerContext
    ) -> session_pb2.GetUsageResponse:
        """Tell the caller's use of quotas."""
        language = language_of(request.language)
        found = self._desk.usages(self._identify(context), request.project)
        return session_pb2.GetUsageResponse(
            usages=[
                session_pb2.Usage(
                    quota=one.quota.value,
                    label=LABELS[one.quota].in_language(language),
                    used=one.used,
                    limit=one.limit,
                )
                for one in found
            ]
        )

    def GetLogin(  # noqa: N802
        self, request: session_pb2.GetLoginRequest, context: grpc.ServicerContext
    ) -> session_pb2.GetLoginResponse:
        """Tell where to log in."""
        self._desk.places(self._identify(context))
        return self._login

    def GetIdentity(  # noqa: N802
        self, request: session_pb2.GetIdentityRequest, context: grpc.ServicerContext
    ) -> session_pb2.GetIdentityResponse:
        """Tell the caller who it is."""
        caller = self._identify(context)
        memberships = [
            session_pb2.Membership(project=place.project, role=place.role, banks=place.banks)
            for place in self._desk.places(caller)
        ]
        return session_pb2.GetIdentityResponse(user=caller.user, memberships=memberships)


def _message(session: Session) -> session_pb2.Session:
    created, used = Timestamp(), Timestamp()
    created.FromDatetime(session.created)
    used.FromDatetime(session.last_used)
    return session_pb2.Session(
        session_id=session.identifier,
        project=session.project,
        create_time=created,
        last_used_time=used,
        commands=session.commands,
        state=_STATES[session.state],
        twin=session.twin,
        banks=[
            session_pb2.LinkedBank(bank=link.bank.name, version=link.bank.version)
            for link in session.scope.links.values()
        ],
    )
