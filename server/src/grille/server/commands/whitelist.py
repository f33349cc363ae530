"""The whitelist: every command that the server runs, in the order of the language reference. Nothing else runs."""

from __future__ import annotations

from types import MappingProxyType

from grille.server.commands import (
    boxplot,
    histogram,
    regress,
    regress_mml,
    summarize,
    tabulate,
)
from grille.server.commands.base import Command

WHITELIST: tuple[Command, ...] = (
    summarize.COMMAND,
    tabulate.COMMAND,
    boxplot.COMMAND,
    histogram.COMMAND,
    regress.COMMAND,
    regress_mml.COMMAND,
)

COMMANDS = MappingProxyType({command.spec.name: command for command in WHITELIST})
