"""Write docs/reference.md from the specifications of the commands, or with --check say whether it is current."""

from __future__ import annotations

import argparse
import sys
from itertools import groupby
from pathlib import Path

from grille.server.commands.base import Command, CommandSpec
from grille.server.commands.whitelist import WHITELIST
from grille.server.plan.expressions import ValueType
from grille.server.plan.functions import ALL, FUNCTIONS

TARGET = Path(__file__).resolve().parents[1] / "docs" / "reference.md"
HEAD = """# Reference of the command language

Written by `make reference` from the specifications that the server itself checks scripts against; do not edit. The same
text is in `grille help COMMAND`, in English and Norwegian. [researcher.md](researcher.md) shows the commands at work.

A script is text with one command per line. `\\` at the end of a line goes on with the next, `//` begins a comment, and
numbers have a decimal point. Names are letters, digits and underscores and differ by case.
"""


def group_of(command: Command) -> str:
    """Return the heading that a command stands under."""
    return command.spec.group.en


def reference() -> str:
    """Return the whole page."""
    grouped = [(name, list(group)) for name, group in groupby(WHITELIST, key=group_of)]
    rows = ["| group | commands |", "|---|---|"]
    for name, group in grouped:
        links = ", ".join(f"[{one.spec.name}](#{one.spec.name})" for one in group)
        rows.append(f"| {name} | {links} |")
    parts = [HEAD.rstrip("\n"), "\n".join(rows)]
    for name, group in grouped:
        parts.append(f"## {name}")
        parts += [_command(command.spec) for command in group]
    return "\n\n".join([*parts, _functions()]) + "\n"


def _command(spec: CommandSpec) -> str:
    parts = [f"### {spec.name}", f"{spec.summary.en}.", _code(spec.syntax)]
    if spec.details is not None:
        parts.append(spec.details.en)
    if spec.options:
        rows = [f"| `{option.syntax.replace('|', chr(92) + '|')}` | {option.summary.en} |" for option in spec.options]
        parts.append("\n".join(["| option | |", "|---|---|", *rows]))
    if spec.examples:
        parts.append(_code("\n".join(spec.examples)))
    return "\n\n".join(parts)


def _functions() -> str:
    rows = [f"| `{one.syntax}` | {'1 or 0' if one.truth else _type(one.result)} |" for one in FUNCTIONS.values()]
    intro = (
        "Where a function has no answer, such as the logarithm of zero, its value is missing. A comparison with a "
        "missing value is not true, so its value is 0."
    )
    operators = ", ".join(f"`{one.syntax}`" for one in ALL.values() if one.name not in FUNCTIONS)
    table = "\n".join(["| function | gives |", "|---|---|", *rows])
    return f"## Expressions\n\n{intro}\n\nOperators: {operators}, and `a - b`.\n\n{table}"


def _type(result: ValueType | None) -> str:
    return "as its arguments" if result is None else result.value


def _code(text: str) -> str:
    return f"```text\n{text}\n```"


def main() -> int:
    """Write the page, or compare it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the page is not current")
    if parser.parse_args().check:
        current = TARGET.is_file() and TARGET.read_text(encoding="utf-8") == reference()
        print(f"{TARGET.name} is {'current' if current else 'not current: make reference'}")
        return 0 if current else 1
    TARGET.write_text(reference(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
