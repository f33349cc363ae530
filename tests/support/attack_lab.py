"""A running server with the attacked register, and the real client in the hands of an attacker."""

from __future__ import annotations

import io
import itertools
import re
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.attack_bank import BANK, Register, Target, make_register, write_bank
from support.service import Service, free_port

from grille.client.connection import Connection, connected
from grille.client.environment import Environment
from grille.client.errors import ClientError
from grille.client.formats.base import Format
from grille.client.formats.json import document
from grille.client.patience import patience_of
from grille.client.progress import Progress
from grille.client.results import Run
from grille.client.running import Runner, close_session, open_session
from grille.client.words import Words
from grille.server.operations.credentials import issue_credentials
from grille.server.operations.home import Home
from grille.server.operations.projects import add_project
from grille.server.operations.registry import Role

EVERYTHING = ("SEX", "BORN", "COUNTY", "MUNI", "EDU", "TRADE", "WAGE", "CAPITAL", "BIT", "PLACE")
"""The variables that most attacks import; each gets its name in small letters."""

# the same keys in every run give the same noise, so that an attack succeeds always or never
_RECORD_KEY = "5c" * 32


@dataclass(frozen=True, slots=True)
class Answer:
    """What a script brought: the JSON results of its commands, and of the last one in short."""

    results: tuple[dict[str, Any], ...]

    @property
    def last(self) -> dict[str, Any]:
        """The last command that ran."""
        return self.results[-1]

    @property
    def ok(self) -> bool:
        """Whether every command was answered."""
        return all(result["status"] == "ok" for result in self.results)

    @property
    def reason(self) -> str | None:
        """Why the last command was not answered."""
        reason: str | None = self.last["reason"]
        return reason

    def rows(self, key: str) -> list[dict[str, Any]]:
        """Return a table of the last command as records; none when there is no such table."""
        for block in self.last["blocks"]:
            if block["kind"] == "table" and block["key"] == key:
                keys = [column["key"] for column in block["columns"]]
                return [dict(zip(keys, row, strict=True)) for row in block["rows"]]
        return []

    def figure(self, table: str, row: str, column: str) -> float | None:
        """Return one number of a table whose first column names its rows; None when it is not shown."""
        for record in self.rows(table):
            if next(iter(record.values())) == row:
                value = record.get(column)
                return float(value) if isinstance(value, (int, float)) else None
        return None

    def numbers(self) -> list[float]:
        """Return the numbers of the notices of the last command, such as counts of a status sentence."""
        text = " ".join(block["text"] for block in self.last["blocks"] if block["kind"] == "notice")
        return [float(found.replace(",", "")) for found in re.findall(r"(?<![\w<.])\d[\d,]*(?:\.\d+)?", text)]


class _Silent(Format):
    def __init__(self) -> None:
        pass

    def ended(self, run: Run) -> None:
        """Write nothing: the results are taken from the run."""


@dataclass
class Researcher:
    """One session of a user in a project, with the data set `d` over the whole register."""

    lab: Lab
    connection: Connection
    session: str
    environment: Environment

    def ask(self, script: str) -> Answer:
        """Run a script; it stops at its first refusal."""
        self.lab.queries += 1
        run = Run(session=self.session, script=script, name="attack")
        Runner(
            self.connection,
            _Silent(),
            Progress(self.environment, Words.ENGLISH),
            run,
            patience_of(self.environment.variables),
            self.environment.stderr.write,
        ).follow(script.encode())
        return Answer(tuple(document(run)["results"]))

    def mean(self, variable: str, condition: str = "") -> tuple[float, float] | None:
        """Return mean and noised number of units of a variable, or None when they are not shown."""
        answer = self.ask(f"summarize {variable}" + (f" if {condition}" if condition else ""))
        if not answer.ok:
            return None
        [row] = answer.rows("summary")
        return None if row["mean"] is None or row["n"] is None else (float(row["mean"]), float(row["n"]))

    def centre(self, variable: str, made: str) -> float:
        """Make a copy of a variable from which its shown mean is taken off; return that mean."""
        found = self.mean(variable)
        assert found is not None
        assert self.ask(f"generate {made} = {variable} - {found[0]:.0f}").ok
        return round(found[0])


@dataclass
class Lab:
    """A server over a register of one size.

    Attributes:
        register: What the bank holds.
        service: The server.
        queries: Scripts run so far.
        honest: Whether a control is being asked; controls have sessions and projects of their own.
    """

    register: Register
    service: Service
    queries: int = 0
    honest: bool = False
    _stack: ExitStack = field(default_factory=ExitStack)
    _connections: dict[str, tuple[Connection, Environment]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _shared: dict[tuple[bool, tuple[str, ...]], Researcher] = field(default_factory=dict)

    @classmethod
    def build(cls, folder: Path, size: int) -> Lab:
        """Make a home with two versions of the register; in version 2 every second target has no tax."""
        service = Service(folder, f"127.0.0.1:{free_port()}")
        service.environment = {"XDG_CONFIG_HOME": str(folder / "config")}
        service.admin("init", service.home)
        home = Home(service.home)
        home.record_key.write_text(_RECORD_KEY + "\n")
        home.config.write_text(
            home.config.read_text().replace("# max_sessions_per_user = 4", "max_sessions_per_user = 20")
        )
        register = make_register(size)
        write_bank(service.home, register)
        write_bank(service.home, register, 2, tuple(target.unit for target in register.targets[::2]))
        return cls(register, service)

    def start(self) -> None:
        """Start the server."""
        self.service.start()

    def restart(self) -> None:
        """Stop the server and start it again, as over night; sessions are lost."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """Close connections and stop the server."""
        self.begin()
        self._stack.close()
        self._connections.clear()
        self.service.stop(signal.SIGTERM)

    def project(self) -> str:
        """Add a project, with an empty ledger, in which eve and mallory are researchers."""
        home, name = Home(self.service.home), f"p{next(self._numbers)}"
        add_project(home, name, [BANK], "standard")
        for user in ("eve", "mallory"):
            bundle = self.service.bundle(f"{user}-{name}")
            issue_credentials(home, user, name, Role.RESEARCHER, bundle, server=self.service.address)
            if not self.service.bundle(user).exists():
                self.service.bundle(user).write_bytes(bundle.read_bytes())
                self.service.bundle(user).chmod(0o600)
        return name

    @contextmanager
    def researcher(
        self, *variables: str, project: str | None = None, user: str = "eve", version: int = 1, fresh: bool = False
    ) -> Iterator[Researcher]:
        """Give a researcher a data set with variables of the register, all but TAX when none is named.

        Args:
            variables: Variables to import.
            project: Project of a session of its own; otherwise one without earlier releases.
            user: User.
            version: Version of the bank.
            fresh: Whether to take a new project, so that nothing was released before. Otherwise the targets of an
                attack share a session and a project, and each gets its own copy of the data set.
        """
        if project is None and not fresh:
            yield from self._in_shared_session(variables or EVERYTHING)
            return
        opened = self._opened(project or self.project(), user, variables or EVERYTHING, version)
        try:
            yield opened
        finally:
            close_session(opened.connection, opened.session)

    def begin(self) -> None:
        """Forget shared sessions: what follows shares a project with nobody before."""
        for opened in self._shared.values():
            close_session(opened.connection, opened.session)
        self._shared.clear()

    def _in_shared_session(self, variables: tuple[str, ...]) -> Iterator[Researcher]:
        key = (self.honest, variables)
        if key not in self._shared:
            self._shared[key] = self._opened(self.project(), "eve", variables, 1)
        opened = self._shared[key]
        copy = f"copy{next(self._numbers)}"
        answer = opened.ask(f"clone-dataset d {copy}\nuse {copy}")
        assert answer.ok, answer
        self.queries -= 1
        yield opened
        opened.ask(f"delete-dataset {copy}")
        self.queries -= 1

    def _opened(self, project: str, user: str, variables: tuple[str, ...], version: int) -> Researcher:
        connection, environment = self._connected(user)
        opened = Researcher(self, connection, open_session(connection, project).session_id, environment)
        lines = [f"require {BANK}:{version} as r", "create-dataset d"]
        for variable in variables:
            date = " 2022-12-31" if variable == "TAX" else ""
            lines.append(f"import r/{variable}{date} as {variable.lower()}")
        answer = opened.ask("\n".join(lines))
        assert answer.ok, answer.last
        self.queries -= 1
        return opened

    def _connected(self, user: str) -> tuple[Connection, Environment]:
        if user not in self._connections:
            environment = Environment(
                stdin=io.BytesIO(),
                stdout=io.StringIO(),
                stderr=io.StringIO(),
                stdout_tty=False,
                stderr_tty=False,
                colours=False,
                width=100,
                config=self.service.folder / "config",
                variables={"GRILLE_CREDENTIALS": str(self.service.bundle(user))},
            )
            connection = self._stack.enter_context(connected(environment, Words.ENGLISH))
            self._connections[user] = connection, environment
        return self._connections[user]


__all__ = ["Answer", "ClientError", "Lab", "Register", "Researcher", "Sequence", "Target"]
