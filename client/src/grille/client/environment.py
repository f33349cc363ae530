"""Everything that the client takes from the process around it, in one object that tests replace."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from grille.client.words import Words

PIPE_WIDTH = 100
NARROWEST = 40


@dataclass(frozen=True, slots=True)
class Environment:
    """Streams, terminal properties, folders and variables of one run of the client.

    Attributes:
        stdin: Bytes of a script given as "-".
        stdout: Where results go.
        stderr: Where progress and errors go.
        stdout_tty: Whether a person reads stdout on a terminal.
        stderr_tty: Whether a person reads stderr on a terminal.
        colours: Whether escape codes may be written to stdout.
        width: Columns that a line of text may fill.
        config: Folder of the client's own files.
        variables: Environment variables.
    """

    stdin: BinaryIO
    stdout: TextIO
    stderr: TextIO
    stdout_tty: bool
    stderr_tty: bool
    colours: bool
    width: int
    config: Path
    variables: Mapping[str, str]

    @property
    def error_colours(self) -> bool:
        """Whether escape codes may be written to stderr."""
        return self.stderr_tty and not self.variables.get("NO_COLOR") and self.variables.get("TERM") != "dumb"

    @property
    def words(self) -> Words:
        """Language to use when the command line names none."""
        return Words.NORWEGIAN if self.variables.get("GRILLE_LANG", "").lower() in ("no", "nb") else Words.ENGLISH

    @staticmethod
    def of_process() -> Environment:
        """Return the environment of the running process.

        Source: the XDG base directory specification for the folder, no-color.org for NO_COLOR.
        """
        variables = dict(os.environ)
        tty = sys.stdout.isatty()
        for stream in (sys.stdout, sys.stderr):
            # A pipe may have the code page of the machine, which lacks the signs of drawings and other languages.
            if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
                stream.reconfigure(encoding="utf-8")
        return Environment(
            stdin=sys.stdin.buffer,
            stdout=sys.stdout,
            stderr=sys.stderr,
            stdout_tty=tty,
            stderr_tty=sys.stderr.isatty(),
            colours=tty and not variables.get("NO_COLOR") and variables.get("TERM") != "dumb",
            width=_width(variables, tty),
            config=_config(variables),
            variables=variables,
        )


def _width(variables: Mapping[str, str], tty: bool) -> int:
    given = variables.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return max(NARROWEST, int(given))
    return max(NARROWEST, shutil.get_terminal_size((PIPE_WIDTH, 40)).columns) if tty else PIPE_WIDTH


def _config(variables: Mapping[str, str]) -> Path:
    home = variables.get("XDG_CONFIG_HOME")
    return (Path(home) if home else Path.home() / ".config") / "grille"
