"""Ways to treat a service badly: copies of its home, its processes, limits on them, its log, clients of all kinds."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from support.service import BIN, Service, free_port

from grille.v1 import analysis_pb2, session_pb2
from grille.v1.analysis_pb2_grpc import AnalysisServiceStub
from grille.v1.errors_pb2 import ErrorDetail
from grille.v1.session_pb2_grpc import SessionServiceStub

PEOPLE = (
    "require no.ssb.fdb:30 as db\n"
    "create-dataset people\n"
    "import db/BEFOLKNING_KJOENN as sex\n"
    "import db/INNTEKT_LONN 2022-12-31 as wage\n"
)


def long_command(terms: int) -> str:
    """A command that takes about 0.5 ms per thousand persons and term, in small steps."""

    def total(parts: list[str]) -> str:
        if len(parts) == 1:
            return parts[0]
        half = len(parts) // 2
        return f"({total(parts[:half])} + {total(parts[half:])})"

    return "generate effort = " + total([f"length(string(wage / {k}))" for k in range(3, terms + 3)]) + "\n"


def copy_of(template: Service, folder: Path, config: str = "") -> Service:
    """Return a service on a copy of a home that is not served, with other settings."""
    made = Service(folder, f"127.0.0.1:{free_port()}")
    shutil.copytree(template.home, made.home)
    for bundle in template.folder.glob("*.grille"):
        shutil.copy(bundle, folder / bundle.name)
    if config:
        (made.home / "config.toml").write_text(config)
    made.environment = {**template.environment, "GRILLE_SERVER": made.address}
    made.environment["XDG_CONFIG_HOME"] = str(folder / "config")
    return made


@contextlib.contextmanager
def serving(service: Service) -> Iterator[Service]:
    """Serve during the block; afterwards the log must be sound and nothing of the server left behind."""
    service.start()
    started = descendants(server_pid(service))
    try:
        yield service
    finally:
        started |= descendants(server_pid(service)) if service.process else set()
        if service.process is not None:
            assert service.stop() == 0, service.log()
    verified = service.admin("audit", "verify", service.home)
    assert verified.code == 0, verified.out
    soon(lambda: not any(is_running(pid) for pid in started))
    assert not list((service.home / "sessions").iterdir())  # the data; who has a session is in sessions.sqlite


def server_pid(service: Service) -> int:
    """Process id of the running server."""
    assert service.process is not None
    return service.process.pid


def descendants(pid: int) -> set[int]:
    """Processes that a process started, and those that they started."""
    by_parent = children()
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        started = by_parent.get(waiting.pop(), [])
        found.update(started)
        waiting += started
    return found


def children() -> dict[int, list[int]]:
    """The children of every process."""
    found: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                found.setdefault(parent, []).append(int(entry.name))
    return found


def fork_server(service: Service) -> int:
    """Process id of the fork server."""
    (pid,) = (pid for pid in children()[server_pid(service)] if "forkserver" in command_line(pid))
    return pid


def workers(service: Service) -> set[int]:
    """Process ids of the workers of all open sessions."""
    return descendants(fork_server(service))


def command_line(pid: int) -> str:
    """The command line of a process."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def is_running(pid: int) -> bool:
    """Tell whether a process exists and is not merely waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def soon(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until a condition holds; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@contextlib.contextmanager
def full_disk(pid: int, largest_file: int) -> Iterator[None]:
    """Let no file of a process grow beyond a size, as if its disk were full."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest_file, before[1]))
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def records_of(service: Service) -> list[dict[str, Any]]:
    """All records of the audit log, oldest first."""
    lines = [line for path in sorted((service.home / "audit").glob("records-*")) for line in path.open()]
    return [json.loads(line) for line in lines]


def commands_of(service: Service, session: str) -> list[dict[str, Any]]:
    """The records of a session's commands."""
    return [one for one in records_of(service) if one["session"] == session and one["event"] == "command"]


def client(service: Service, *arguments: object, script: str, user: str = "ada") -> subprocess.Popen[bytes]:
    """Start the client and give it a script on stdin."""
    process = subprocess.Popen(
        [str(BIN / "grille"), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **service.environment, "GRILLE_CREDENTIALS": str(service.bundle(user))},
    )
    assert process.stdin is not None
    process.stdin.write(script.encode())
    process.stdin.close()
    process.stdin = None
    return process


@dataclass
class RawClient:
    """A client that shows the messages themselves."""

    sessions: SessionServiceStub
    analysis: AnalysisServiceStub
    channel: grpc.Channel

    def open(self) -> str:
        """Open a session and return its id."""
        opened = self.sessions.OpenSession(session_pb2.OpenSessionRequest(), timeout=60)
        return str(opened.session.session_id)

    def close(self, session: str) -> None:
        """Close a session."""
        self.sessions.CloseSession(session_pb2.CloseSessionRequest(session_id=session), timeout=60)

    def stream(self, session: str, script: str) -> Any:
        """Start a script; the call yields its events and can be cancelled."""
        request = analysis_pb2.RunScriptRequest(session_id=session, script=script.encode())
        return self.analysis.RunScript(request, timeout=60)

    def run(self, session: str, script: str) -> list[analysis_pb2.RunScriptResponse]:
        """Run a script and return its events."""
        return list(self.stream(session, script))

    def failure(self, session: str, script: str) -> str:
        """Run a script whose last command fails; return the reason."""
        return str(self.run(session, script)[-1].failed.error.reason)


@contextlib.contextmanager
def raw_client(service: Service, user: str = "ada") -> Iterator[RawClient]:
    """Connect as a user."""
    bundle = json.loads(service.bundle(user).read_text())
    secret = grpc.ssl_channel_credentials(
        bundle["ca"].encode(), bundle["private_key"].encode(), bundle["certificate"].encode()
    )
    options = (("grpc.ssl_target_name_override", bundle["server_name"]), ("grpc.enable_retries", 0))
    with grpc.secure_channel(service.address, secret, options) as channel:
        yield RawClient(SessionServiceStub(channel), AnalysisServiceStub(channel), channel)


@contextlib.contextmanager
def meanwhile(call: Callable[[], object]) -> Iterator[None]:
    """Run something in another thread during the block; its failure is the block's."""
    failures: list[BaseException] = []

    def work() -> None:
        try:
            call()
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if failures:
        raise failures[0]


def reason_of(call: Callable[[], object]) -> str:
    """The reason with which the server refuses a call."""
    try:
        call()
    except grpc.RpcError as error:
        for key, value in error.trailing_metadata() or ():
            if key == "grille-error-bin":
                return ErrorDetail.FromString(value).reason
        return f"{error.code().name}: {error.details()}"
    return "OK"
