"""One run of a script: follows the events of the stream, tells a format of each command; opens and closes sessions."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc

from grille.client.connection import CONNECT_SECONDS, Connection
from grille.client.errors import ClientError, RefusedError, StoppedError, from_rpc, stopped
from grille.client.formats.base import Format
from grille.client.patience import PASSING, Patience
from grille.client.progress import Progress
from grille.client.results import Bank, CommandResult, Run, opened, unparsed
from grille.client.words import language_of, pick
from grille.v1.analysis_pb2 import CancelScriptRequest, RunScriptRequest, RunScriptResponse
from grille.v1.errors_pb2 import ErrorDetail
from grille.v1.session_pb2 import CloseSessionRequest, ListSessionsRequest, OpenSessionRequest, Session

CANCEL_SECONDS = 5.0
TWIN_SECONDS = 600.0  # the first wish for a twin makes it


@dataclass(slots=True)
class Runner:
    """Follows one run.

    Attributes:
        connection: The open channel.
        format: Hears of each command.
        progress: Shows that a command is at work.
        run: What came of it so far.
        patience: How long to try when the connection is lost.
        tell: Tells the user something beside the results.
        request: Id of this request: the server runs it once, however often it is sent.
    """

    connection: Connection
    format: Format
    progress: Progress
    run: Run
    patience: Patience
    tell: Callable[[str], None]
    request: str = field(default_factory=lambda: str(uuid.uuid4()))
    _answers: int = 0
    _current: CommandResult | None = None

    def follow(self, script: bytes) -> None:
        """Run a script and tell the format of each command until the last answer or the first failure.

        When the connection is lost, the client tries to come back to the same request: no command is run twice. A
        failure of the call itself is recorded as the failure of the command that was running, so that no format
        leaves it out, and raised again.

        Raises:
            ClientError: The stream broke, or the user stopped it.
        """
        try:
            while True:
                try:
                    self._listen(script)
                    return
                except ClientError as error:
                    if not self._comes_back(error):
                        raise self._broken(error) from error.__cause__
        except KeyboardInterrupt:
            self._cancel()
            raise self._broken(stopped(self.connection.words)) from None
        finally:
            self.progress.stop()

    def _listen(self, script: bytes) -> None:
        request = RunScriptRequest(
            session_id=self.run.session, script=script, request_id=self.request, answered_commands=self._answers
        )
        call = self.connection.analysis.RunScript(request)
        try:
            for event in call:
                if not self.patience.is_first:
                    self.tell(pick(self.connection.words, "Connected again.", "Forbindelsen er tilbake."))
                self.patience.answered()
                self._hear(event)
        except KeyboardInterrupt:
            call.cancel()
            raise
        except grpc.RpcError as error:
            raise from_rpc(error, self.connection.address, self.connection.words, begun=True) from error

    def _comes_back(self, error: ClientError) -> bool:
        if error.reason in PASSING and self.patience.is_first and self.patience.seconds:
            self.progress.stop()
            self.tell(
                error.message if error.reason == "SESSION_NOT_YET_REBUILT" else
                pick(self.connection.words,
                     "The connection was lost; trying to come back. Ctrl-C gives up.",
                     "Forbindelsen ble brutt; prøver å komme tilbake. Ctrl-C gir opp.")
            )  # fmt: skip
        return self.patience.wait(error)

    def _cancel(self) -> None:
        request = CancelScriptRequest(session_id=self.run.session, request_id=self.request)
        with contextlib.suppress(ClientError, KeyboardInterrupt):
            self.connection.call(self.connection.analysis.CancelScript, request, timeout=CANCEL_SECONDS)

    def _hear(self, event: RunScriptResponse) -> None:
        kind = event.WhichOneof("event")
        if kind == "accepted":
            if self._current is not None:  # told again from its beginning, after the connection was lost
                self._current.blocks.clear()
                self._current.rules.clear()
                self._current.warnings.clear()
                return
            self._current = opened(event.accepted)
            self.run.results.append(self._current)
            self.format.started(self.run, self._current)
            self.progress.start(event.accepted.command, event.accepted.index, event.accepted.total)
        elif kind == "progress":
            self.progress.phase(event.progress.phase)
        elif kind == "failed":
            result = self._current
            if result is None:
                result = unparsed(event.failed, self.run.script)
                self.run.results.append(result)
            result.receipt = event.failed.receipt if event.failed.HasField("receipt") else None
            self._answered(result.fail(event.failed.error, event.failed.elapsed_ms))
        elif self._current is None:
            raise RefusedError("UNEXPECTED_EVENT", f"The server sent {kind} outside a command.")
        elif kind == "block":
            self._current.blocks.append(event.block)
        elif kind == "applied_rule":
            self._current.rules.append(event.applied_rule)
        elif kind == "warning":
            self._current.warnings.append(event.warning)
        elif kind == "finished":
            self._current.elapsed_ms = event.finished.elapsed_ms
            self._current.receipt = event.finished.receipt if event.finished.HasField("receipt") else None
            self._answered(self._current)

    def _answered(self, result: CommandResult) -> None:
        self.progress.stop()
        self._current = None
        self._answers += 1
        for warning in result.warnings:
            self.tell(warning.text)
        self.format.answered(self.run, result)

    def _broken(self, error: ClientError) -> ClientError:
        if self._current is not None:
            detail = ErrorDetail(reason=error.reason, message=error.message, hint=error.hint)
            self._current.fail(detail)
            if not isinstance(error, StoppedError):
                self._answered(self._current)
        return error


def open_session(connection: Connection, project: str, *, twin: bool = False) -> Session:
    """Open a session for a project, on synthetic twins if so wished; an empty name means the caller's only project.

    Raises:
        ClientError: NO_TWIN, when the server knows no twins; what the server refuses.
    """
    request = OpenSessionRequest(project=project, language=language_of(connection.words), twin=twin)
    timeout = TWIN_SECONDS if twin else CONNECT_SECONDS
    session = connection.call(connection.sessions.OpenSession, request, timeout).session
    if twin and not session.twin:
        close_session(connection, session.session_id)
        told = pick(connection.words, "The server has no synthetic twins.", "Tjeneren har ingen syntetiske tvillinger.")
        raise RefusedError("NO_TWIN", told)
    return session


def banks_of(connection: Connection, session: str) -> tuple[Bank, ...]:
    """Return the banks that a session has linked."""
    for one in connection.call(connection.sessions.ListSessions, ListSessionsRequest()).sessions:
        if one.session_id == session:
            return tuple(Bank(bank.bank, bank.version) for bank in one.banks)
    return ()


def close_session(connection: Connection, session: str) -> None:
    """Close a session at the end of a run; a server that is gone closes it by itself."""
    with contextlib.suppress(ClientError):
        connection.call(connection.sessions.CloseSession, CloseSessionRequest(session_id=session))
