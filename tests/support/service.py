"""A real server in its own process, with real certificates and a synthetic register, and the real client beside it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
BANK, VERSION = "no.ssb.fdb", 30
START_SECONDS = 240.0


@dataclass
class Done:
    """A finished client: exit code and output."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The document that `--format json` printed."""
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed


def command(
    *arguments: object, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: bytes = b""
) -> Done:
    """Run one of our programs to its end."""
    done = subprocess.run(
        [str(BIN / str(arguments[0])), *map(str, arguments[1:])],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        timeout=900,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


@dataclass
class Service:
    """A server home and, when started, its process.

    Attributes:
        folder: Where everything is.
        address: Where it listens.
    """

    folder: Path
    address: str
    process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def build(cls, folder: Path, persons: int, seed: int = 1) -> Service:
        """Initialise a home with a synthetic register, a project and a researcher named ada."""
        service = cls(folder, f"127.0.0.1:{free_port()}")
        service.environment = {"XDG_CONFIG_HOME": str(folder / "config"), "COLUMNS": "100", "NO_COLOR": "1"}
        service.admin("init", service.home)
        service.admin(
            *("bank", "synthesize", service.home, "--bank", BANK, "--version", VERSION),
            *("--persons", persons, "--seed", seed),
        )
        service.add_project("wages")
        service.add_user("ada", "wages")
        return service

    @property
    def home(self) -> Path:
        """The server's home."""
        return self.folder / "home"

    def bundle(self, user: str) -> Path:
        """The credential bundle of a user."""
        return self.folder / f"{user}.grille"

    def admin(self, *arguments: object) -> Done:
        """Run grille-server; it must succeed."""
        done = command("grille-server", *arguments)
        assert done.code == 0, done.err
        return done

    def add_project(self, project: str, policy: str = "standard") -> None:
        """Add a project on the synthetic bank."""
        self.admin("project", "add", self.home, project, "--bank", BANK, "--policy", policy)

    def add_user(self, user: str, project: str, role: str = "researcher") -> None:
        """Add a user and write its bundle."""
        self.admin(
            *("user", "add", self.home, user, "--project", project, "--role", role),
            *("--out", self.bundle(user), "--server", self.address),
        )

    def start(self) -> None:
        """Start the server and wait until it listens."""
        log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            [str(BIN / "grille-server"), "serve", str(self.home), "--listen", self.address], stdout=log, stderr=log
        )
        host, _, port = self.address.rpartition(":")
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex((host, int(port))) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(self.log())

    def log(self) -> str:
        """What the server wrote to its log."""
        path = self.folder / "server.log"
        return path.read_text() if path.exists() else ""

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal the server and return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(START_SECONDS)
        self.process = None
        return code

    def grille(self, *arguments: object, user: str = "ada", stdin: str | bytes = b"") -> Done:
        """Run the client as a user."""
        env = {**self.environment, "GRILLE_CREDENTIALS": str(self.bundle(user))}
        data = stdin.encode() if isinstance(stdin, str) else stdin
        return command("grille", *arguments, env=env, stdin=data)

    def run(self, script: str, user: str = "ada") -> dict[str, Any]:
        """Run a script and return the JSON document."""
        return self.grille("run", "-", "--format", "json", user=user, stdin=script).json


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def block(document: Mapping[str, Any], command_name: str, key: str, nth: int = 0) -> dict[str, Any]:
    """Return a block of the nth result of a command."""
    results = [result for result in document["results"] if result["command"] == command_name]
    found: dict[str, Any] = next(one for one in results[nth]["blocks"] if one["key"] == key)
    return found


def records(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a table block as records."""
    keys = [column["key"] for column in table["columns"]]
    return [dict(zip(keys, row, strict=True)) for row in table["rows"]]
