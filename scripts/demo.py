"""A server with a synthetic register, a researcher, and a script run by the client: all real but the persons.

Keeps what it made in .demo, so that the second time is quick. Shows each command, so that a reader can do it by hand.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".demo"
HOME = FOLDER / "home"
CREDENTIALS = FOLDER / "kari.grille"
LOG = FOLDER / "server.log"
BANK = "no.ssb.fdb"
START_SECONDS = 60.0


def command(name: str, *arguments: object) -> list[str]:
    """Return the command line of one of our two programs and show it as a person would type it."""
    shown = [os.path.relpath(part, ROOT) if isinstance(part, Path) else str(part) for part in arguments]
    print(f"\n$ {shlex.join([name, *shown])}", flush=True)
    return [str(Path(sysconfig.get_path("scripts")) / name), *map(str, arguments)]


def prepare(persons: int) -> None:
    """Make the server's home with a register, a project and a researcher, unless it is there with as many persons."""
    made = FOLDER / "persons"
    if made.exists() and made.read_text("utf-8") == str(persons):
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    steps: tuple[tuple[object, ...], ...] = (
        ("init", HOME),
        ("bank", "synthesize", HOME, "--bank", BANK, "--version", 30, "--persons", persons, "--seed", 1),
        ("project", "add", HOME, "wages", "--bank", BANK, "--policy", "standard"),
        ("user", "add", HOME, "kari", "--project", "wages", "--role", "researcher", "--out", CREDENTIALS),
    )
    for step in steps:
        subprocess.run(command("grille-server", *step), check=True)
    made.write_text(str(persons), "utf-8")


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    """Return when the server accepts connections.

    Raises:
        SystemExit: It stopped, or did not answer in time; its log is shown.
    """
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"The server did not start:\n{LOG.read_text('utf-8', errors='replace')}")


@contextmanager
def serving() -> Iterator[str]:
    """Run the server on a free port of this machine while the body runs; give its address."""
    port = free_port()
    address = f"127.0.0.1:{port}"
    line = command("grille-server", "serve", HOME, "--listen", address)
    with LOG.open("wb") as log, subprocess.Popen(line, stdout=log, stderr=log) as server:
        try:
            wait_for(server, port)
            yield address
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()


def main() -> int:
    """Run the demonstration; return the client's exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=200_000, help="persons in the synthetic register")
    parser.add_argument("--script", type=Path, default=ROOT / "examples" / "wages.txt", help="script to run")
    options = parser.parse_args()
    try:
        prepare(options.persons)
    except subprocess.CalledProcessError as failed:
        return failed.returncode
    with serving() as address:
        environment = {**os.environ, "GRILLE_CREDENTIALS": str(CREDENTIALS), "GRILLE_SERVER": address}
        return subprocess.run(command("grille", "run", options.script), env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
