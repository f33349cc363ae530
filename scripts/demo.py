"""The demonstration: a synthetic register, a server with its own authority, and a researcher's multilevel script."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
BANK, VERSION, PROJECT, USER = "no.ssb.fdb", "30", "wages", "ada"
START_SECONDS = 60


def main() -> int:
    """Run the demonstration; returns the exit code of the researcher's script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=200_000, help="size of the synthetic register")
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo", help="where everything is put (made anew)")
    parser.add_argument("--script", type=Path, default=ROOT / "examples" / "multilevel.txt")
    options = parser.parse_args()
    started = time.monotonic()
    folder: Path = options.folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    home, bundle = folder / "home", folder / f"{USER}.grille"
    results, page = folder / "results", folder / "results.html"
    address = f"127.0.0.1:{_free_port()}"
    environment = {**os.environ, "XDG_CONFIG_HOME": str(folder / "config")}

    print("The custodian sets up a server:", flush=True)
    _run("grille-server", "init", home)
    persons = ("--persons", options.persons, "--seed", 1)
    _run("grille-server", "bank", "synthesize", home, "--bank", BANK, "--version", VERSION, *persons)
    _run("grille-server", "project", "add", home, PROJECT, "--bank", BANK, "--policy", "standard")
    user = ("--project", PROJECT, "--role", "researcher", "--out", bundle, "--server", address)
    _run("grille-server", "user", "add", home, USER, *user)
    _say("grille-server", "serve", home, "--listen", address, end=" &")
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen([BIN / "grille-server", "serve", home, "--listen", address], stderr=log, stdout=log)
    try:
        _wait_for(address, server, folder / "server.log")
        print("\nThe researcher, elsewhere, with a certificate and a script:", flush=True)
        _run("grille", "login", bundle, environment=environment)
        code = _run("grille", "run", options.script, "--out", results, environment=environment, check=False)
        print("The same once more, as a page to read and to print:", flush=True)
        _run("grille", "run", options.script, "--format", "html", "--out", page, environment=environment, check=False)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(START_SECONDS)
    print("\nThe auditor:", flush=True)
    _run("grille-server", "audit", "verify", home)
    seconds = time.monotonic() - started
    print(f"""
That took {seconds:.0f} seconds with {options.persons:,} invented persons. What is left of it:
  {_short(page)}  everything on one page, for a browser
  {_short(results)}/  each table as CSV, each plot as SVG and PNG
  {_short(home)}/  the server's home; start it again with the line that ends in serve""")
    return code


def _say(*command: object, end: str = "") -> None:
    print("\n$ " + shlex.join(str(_short(part)) for part in command) + end, flush=True)


def _short(part: object) -> object:
    if isinstance(part, Path) and part.is_relative_to(Path.cwd()):
        return part.relative_to(Path.cwd())
    return part


def _run(*command: object, environment: dict[str, str] | None = None, check: bool = True) -> int:
    _say(*command)
    arguments = [str(BIN / str(command[0])), *(str(_short(part)) for part in command[1:])]
    # The client's answers appear as they come; the custodian's tool ends with advice that is followed here anyway.
    administration = command[0] == "grille-server"
    done = subprocess.run(arguments, env=environment, check=False, stdout=subprocess.PIPE if administration else None)
    lines = (done.stdout or b"").decode().splitlines(keepends=True)
    print("".join(line for line in lines if not line.startswith("Next:")), end="", flush=True)
    if check and done.returncode:
        sys.exit(done.returncode)
    return done.returncode


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.1)
    sys.exit(f"The server did not start:\n{log.read_text()}")


if __name__ == "__main__":
    sys.exit(main())
