"""One run of a script: follows the events of the stream, tells a format of each command; opens and closes sessions."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import grpc

from grille.client.connection import Connection
from grille.client.errors import ClientError, RefusedError, StoppedError, from_rpc, stopped
from grille.client.formats.base import Format
from grille.client.progress import Progress
from grille.client.results import Bank, CommandResult, Run, opened, unparsed
from grille.client.words import language_of
from grille.v1.analysis_pb2 import RunScriptRequest, RunScriptResponse
from grille.v1.errors_pb2 import ErrorDetail
from grille.v1.session_pb2 import CloseSessionRequest, ListSessionsRequest, OpenSessionRequest, Session


@dataclass(slots=True)
class Runner:
    """Follows one run.

    Attributes:
        connection: The open channel.
        format: Hears of each command.
        progress: Shows that a command is at work.
        run: What came of it so far.
    """

    connection: Connection
    format: Format
    progress: Progress
    run: Run
    _current: CommandResult | None = None

    def follow(self, script: bytes) -> None:
        """Run a script and tell the format of each command until the last answer or the first failure.

        A failure of the call itself is recorded as the failure of the command that was running, so that no format
        leaves it out, and raised again.

        Raises:
            ClientError: The stream broke, or the user stopped it.
        """
        call = self.connection.analysis.RunScript(RunScriptRequest(session_id=self.run.session, script=script))
        try:
            for event in call:
                self._hear(event)
        except KeyboardInterrupt:
            call.cancel()
            raise self._broken(stopped(self.connection.words)) from None
        except grpc.RpcError as error:
            told = from_rpc(error, self.connection.address, self.connection.words, begun=bool(self.run.results))
            raise self._broken(told) from error
        finally:
            self.progress.stop()

    def _hear(self, event: RunScriptResponse) -> None:
        kind = event.WhichOneof("event")
        if kind == "accepted":
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
        elif kind == "finished":
            self._current.elapsed_ms = event.finished.elapsed_ms
            self._current.receipt = event.finished.receipt if event.finished.HasField("receipt") else None
            self._answered(self._current)

    def _answered(self, result: CommandResult) -> None:
        self.progress.stop()
        self._current = None
        self.format.answered(self.run, result)

    def _broken(self, error: ClientError) -> ClientError:
        if self._current is not None:
            detail = ErrorDetail(reason=error.reason, message=error.message, hint=error.hint)
            self._current.fail(detail)
            if not isinstance(error, StoppedError):
                self._answered(self._current)
        return error


def open_session(connection: Connection, project: str) -> Session:
    """Open a session for a project; empty means the caller's only project."""
    request = OpenSessionRequest(project=project, language=language_of(connection.words))
    return connection.call(connection.sessions.OpenSession, request).session


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
