"""Builders of real messages, an environment of strings, a loopback server with real certificates that plays them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from grille.client.environment import Environment
from grille.server.operations.certificates import issue_server, issue_user, make_authority
from grille.v1 import (
    analysis_pb2,
    analysis_pb2_grpc,
    catalog_pb2,
    catalog_pb2_grpc,
    results_pb2,
    session_pb2,
    session_pb2_grpc,
)
from grille.v1.errors_pb2 import ErrorDetail
from grille.v1.results_pb2 import Block, Cell, Column, Row, Table

FORMS = {
    "text": results_pb2.COLUMN_FORMAT_TEXT,
    "count": results_pb2.COLUMN_FORMAT_COUNT,
    "number": results_pb2.COLUMN_FORMAT_NUMBER,
    "percent": results_pb2.COLUMN_FORMAT_PERCENT,
    "p": results_pb2.COLUMN_FORMAT_P_VALUE,
}
FLAGS = {
    "suppressed": results_pb2.CELL_FLAG_SUPPRESSED,
    "not_available": results_pb2.CELL_FLAG_NOT_AVAILABLE,
    "below_threshold": results_pb2.CELL_FLAG_BELOW_THRESHOLD,
    "boundary": results_pb2.CELL_FLAG_BOUNDARY,
}


def cell(value: object) -> Cell:
    """A value, a flag name after "!", a pair (value, flag), or a label after "=" in a pair (value, "=label")."""
    if isinstance(value, tuple):
        made = cell(value[0])
        if value[1].startswith("="):
            made.label = value[1][1:]
        else:
            made.flag = FLAGS[value[1]]
        return made
    if value is None:
        return Cell()
    if isinstance(value, str):
        return Cell(flag=FLAGS[value[1:]]) if value.startswith("!") else Cell(text=value)
    return Cell(integer=value) if isinstance(value, int) else Cell(number=value)


def table(columns: str, *rows: tuple[object, ...]) -> Table:
    """A table from "key:form:Label" texts parted by "|" and rows of values."""
    heads = [part.split(":") for part in columns.split("|")]
    return Table(
        columns=[Column(key=key, format=FORMS[form], label=label) for key, form, label in heads],
        rows=[Row(cells=[cell(value) for value in row]) for row in rows],
    )


def table_block(key: str, title: str, columns: str, *rows: tuple[object, ...]) -> Block:
    return Block(key=key, title=title, table=table(columns, *rows))


def plot_block(key: str, title: str, specification: dict[str, Any]) -> Block:
    return Block(key=key, title=title, plot=results_pb2.Plot(vega_lite_json=json.dumps(specification)))


def notice_block(key: str, text: str) -> Block:
    return Block(key=key, notice=results_pb2.Notice(text=text))


@pytest.fixture
def make() -> SimpleNamespace:
    return SimpleNamespace(cell=cell, table=table, table_block=table_block, plot_block=plot_block,
                           notice_block=notice_block)  # fmt: skip


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(
        stdin=io.BytesIO(), stdout=io.StringIO(), stderr=io.StringIO(), stdout_tty=False, stderr_tty=False,
        colours=False, width=100, config=tmp_path / "config", variables={"GRILLE_RECONNECT_SECONDS": "0"},
    )  # fmt: skip


@dataclass
class Scripted:
    """What the loopback server answers, and what it was asked."""

    events: list[analysis_pb2.RunScriptResponse] = field(default_factory=list)
    problems: list[ErrorDetail] = field(default_factory=list)
    variables: list[catalog_pb2.RegisterVariable] = field(default_factory=list)
    commands: list[catalog_pb2.CommandHelp] = field(default_factory=list)
    refusal: tuple[grpc.StatusCode, ErrorDetail | None] | None = None
    break_off: bool = False
    scripts: list[bytes] = field(default_factory=list)
    opened: list[session_pb2.OpenSessionRequest] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    on_event: Callable[[grpc.ServicerContext], None] | None = None

    def accepted(self, line: int, command: str, source: str) -> None:
        event = analysis_pb2.CommandAccepted(command=command, source=source, line=line, index=line, total=9)
        self.events.append(analysis_pb2.RunScriptResponse(accepted=event))

    def answered(self, line: int, command: str, source: str, *blocks: Block, rules: tuple[str, ...] = ()) -> None:
        self.accepted(line, command, source)
        self.events += [analysis_pb2.RunScriptResponse(block=block) for block in blocks]
        for rule in rules:
            applied = results_pb2.AppliedRule(rule=rule, name=rule.replace("_", " "), detail=f"detail of {rule}")
            self.events.append(analysis_pb2.RunScriptResponse(applied_rule=applied))
        finished = analysis_pb2.CommandFinished(elapsed_ms=12, audit_record=line)
        self.events.append(analysis_pb2.RunScriptResponse(finished=finished))

    def failed(self, error: ErrorDetail) -> None:
        failed = analysis_pb2.CommandFailed(error=error, elapsed_ms=3)
        self.events.append(analysis_pb2.RunScriptResponse(failed=failed))


class Servicer(
    analysis_pb2_grpc.AnalysisServiceServicer, catalog_pb2_grpc.CatalogServiceServicer,
    session_pb2_grpc.SessionServiceServicer,
):  # fmt: skip
    def __init__(self, scripted: Scripted) -> None:
        self.scripted = scripted

    def _check(self, context: grpc.ServicerContext) -> None:
        if self.scripted.refusal is not None:
            code, detail = self.scripted.refusal
            if detail is not None:
                context.set_trailing_metadata((("grille-error-bin", detail.SerializeToString()),))
            context.abort(code, "refused")

    def OpenSession(self, request: Any, context: Any) -> Any:
        self._check(context)
        self.scripted.opened.append(request)
        return session_pb2.OpenSessionResponse(session=session_pb2.Session(session_id="s-1"))

    def CloseSession(self, request: Any, context: Any) -> Any:
        self.scripted.closed.append(request.session_id)
        return session_pb2.CloseSessionResponse()

    def ListSessions(self, request: Any, context: Any) -> Any:
        bank = session_pb2.LinkedBank(bank="no.ssb.fdb", version=30)
        session = session_pb2.Session(session_id="s-1", project="wages", commands=4, banks=[bank])
        return session_pb2.ListSessionsResponse(sessions=[session])

    def GetIdentity(self, request: Any, context: Any) -> Any:
        self._check(context)
        [user] = context.auth_context()["x509_common_name"]
        member = session_pb2.Membership(project="wages", role="researcher", banks=["no.ssb.fdb"])
        return session_pb2.GetIdentityResponse(user=user.decode(), memberships=[member])

    def RunScript(self, request: Any, context: Any) -> Iterator[Any]:
        self._check(context)
        self.scripted.scripts.append(request.script)
        for event in self.scripted.events:
            yield event
            if self.scripted.on_event is not None:
                self.scripted.on_event(context)
        if self.scripted.break_off:
            context.abort(grpc.StatusCode.UNAVAILABLE, "Connection reset by peer")

    def CheckScript(self, request: Any, context: Any) -> Any:
        self._check(context)
        self.scripted.scripts.append(request.script)
        return analysis_pb2.CheckScriptResponse(problems=self.scripted.problems, commands=3)

    def ListVariables(self, request: Any, context: Any) -> Any:
        return catalog_pb2.ListVariablesResponse(variables=self.scripted.variables)

    def ListCommands(self, request: Any, context: Any) -> Any:
        found = [one for one in self.scripted.commands if request.name in ("", one.name)]
        return catalog_pb2.ListCommandsResponse(commands=found)


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


@dataclass
class Loopback:
    """A running server and the credentials that it takes."""

    address: str
    bundle: dict[str, str]

    def write(self, path: Path, **changes: str) -> Path:
        path.write_text(json.dumps({**self.bundle, **changes}), encoding="utf-8")
        return path


@pytest.fixture
def loopback(scripted: Scripted) -> Iterator[Loopback]:
    authority = make_authority("grille test")
    identity, user = issue_server(authority, "grille test", []), issue_user(authority, "kari", 30)
    server = grpc.server(futures.ThreadPoolExecutor(4))
    servicer = Servicer(scripted)
    analysis_pb2_grpc.add_AnalysisServiceServicer_to_server(servicer, server)
    catalog_pb2_grpc.add_CatalogServiceServicer_to_server(servicer, server)
    session_pb2_grpc.add_SessionServiceServicer_to_server(servicer, server)
    secret = grpc.ssl_server_credentials(
        [(identity.private_key_pem, identity.certificate_pem)], authority.certificate_pem, require_client_auth=True
    )
    address = f"127.0.0.1:{server.add_secure_port('127.0.0.1:0', secret)}"
    server.start()
    bundle = {
        "format": "grille-credentials-1", "server": address, "server_name": "localhost", "user": "kari",
        "project": "wages", "role": "researcher", "certificate": user.certificate_pem.decode(),
        "private_key": user.private_key_pem.decode(), "ca": authority.certificate_pem.decode(),
        "expires": (datetime.now(UTC) + timedelta(days=90)).isoformat(),
    }  # fmt: skip
    yield Loopback(address, bundle)
    server.stop(None).wait()


@pytest.fixture
def signed_in(environment: Environment, loopback: Loopback, tmp_path: Path) -> Environment:
    path = loopback.write(tmp_path / "kari.grille")
    return replace(environment, variables={**environment.variables, "GRILLE_CREDENTIALS": str(path)})
