"""The systemd unit and the Dockerfile name files, commands and settings that exist."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from support.service import command

ROOT = Path(__file__).parents[3]
UNIT = ROOT / "server" / "deploy" / "grille-server.service"
DOCKERFILE = ROOT / "server" / "deploy" / "Dockerfile"


def _instructions() -> list[tuple[str, str]]:
    text = re.sub(r"(?m)^#.*\n", "", DOCKERFILE.read_text()).replace("\\\n", " ")
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


def _settings() -> list[tuple[str, str]]:
    lines = (line for line in UNIT.read_text().splitlines() if "=" in line and not line.startswith("#"))
    return [(line.split("=", 1)[0], line.split("=", 1)[1]) for line in lines]


def _is_served(arguments: list[str]) -> None:
    """The server's own command line takes these arguments: all it misses is the home."""
    assert arguments[0] == "serve"
    done = command("grille-server", *arguments)
    assert "HOME_NOT_FOUND" in done.err, done.err


def test_the_image_is_made_of_files_that_exist() -> None:
    copied = [words.split() for name, words in _instructions() if name == "COPY" and not words.startswith("--from")]
    assert len(copied) == 3
    for *sources, _ in copied:
        for source in sources:
            assert (ROOT / source).exists(), source
    installed = " ".join(words for name, words in _instructions() if name == "RUN")
    for file in re.findall(r"-r (\S+)", installed):
        assert "--hash=sha256:" in (ROOT / file).read_text()
    for part in re.findall(r" \./(\S+)", installed):
        assert (ROOT / part / "pyproject.toml").is_file()


def test_the_image_and_the_unit_start_the_program_that_is_installed() -> None:
    scripts = tomllib.loads((ROOT / "server" / "pyproject.toml").read_text())["project"]["scripts"]
    words = dict(_instructions())
    (program,) = (shlex.split(words["ENTRYPOINT"].strip("[]").replace(",", " ")),)
    unit = shlex.split(dict(_settings())["ExecStart"])
    for path in (program[0], unit[0]):
        assert Path(path).parent == Path("/opt/grille/bin")
        assert Path(path).name in scripts
    _is_served(shlex.split(words["CMD"].strip("[]").replace(",", " ")))
    _is_served(unit[1:])


def test_the_image_runs_a_python_that_the_server_supports() -> None:
    wanted = tomllib.loads((ROOT / "server" / "pyproject.toml").read_text())["project"]["requires-python"]
    minor = int(wanted.removeprefix(">=3."))
    images = [words.split()[0] for name, words in _instructions() if name == "FROM"]
    assert len(set(images)) == 1
    assert int(re.fullmatch(r"python:3\.(\d+)-slim", images[0]).group(1)) >= minor  # type: ignore[union-attr]


def test_the_unit_refuses_system_calls_rather_than_killing_the_server() -> None:
    """Libraries try mbind as they load; without an error number systemd would end the server there with SIGSYS."""
    settings = _settings()
    assert ("SystemCallErrorNumber", "EPERM") in settings
    assert ("MemoryDenyWriteExecute", "yes") in settings
    assert next(value for name, value in settings if name == "SystemCallFilter") == "@system-service"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_unit_and_calls_it_well_sandboxed(tmp_path: Path) -> None:
    unit = tmp_path / "grille-server.service"
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text()))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, str(unit.name) in done.stderr) == (0, False), done.stderr
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=20", unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout.splitlines()[-1]
