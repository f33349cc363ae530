"""What make and CI promise to a newcomer."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_make_help_names_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = next(line for line in makefile.splitlines() if line.startswith(".PHONY:")).removeprefix(".PHONY:").split()
    shown = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert re.findall(r"^make ([\w-]+) ", shown, re.M) == targets


def test_scripts_that_people_and_ci_start_are_executable() -> None:
    assert all(os.access(ROOT / script, os.X_OK) for script in (".ci/run", "scripts/lint.sh"))


def test_ci_runs_what_a_developer_runs() -> None:
    steps = [line for line in (ROOT / ".ci" / "run").read_text("utf-8").splitlines() if line.startswith("make ")]
    assert steps == ["make lint", "make test"]


def test_no_hook_is_fetched_from_elsewhere() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    assert re.findall(r"repo: (\S+)", hooks) == ["local"]
