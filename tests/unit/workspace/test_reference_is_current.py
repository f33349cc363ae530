"""The reference of the language says what the server checks scripts against."""

import subprocess
import sys
from pathlib import Path

from grille.server.commands.whitelist import WHITELIST
from grille.server.plan.functions import FUNCTIONS

ROOT = Path(__file__).resolve().parents[3]


def test_the_committed_reference_is_what_the_specifications_give() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "reference.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_command_option_and_function_is_in_it() -> None:
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    for command in WHITELIST:
        assert f"\n### {command.spec.name}\n" in page
        assert command.spec.syntax in page
        assert all(option.summary.en in page for option in command.spec.options)
    assert all(f"| `{function.syntax}` |" in page for function in FUNCTIONS.values())
