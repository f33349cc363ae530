"""The whitelist: every command that the server runs, in the order of the language reference. Nothing else runs."""

from __future__ import annotations

from types import MappingProxyType

from grille.server.commands import (
    assign_labels,
    boxplot,
    clone_dataset,
    create_dataset,
    define_labels,
    delete_dataset,
    destring,
    drop,
    drop_labels,
    generate,
    help_text,
    histogram,
    history,
    import_variable,
    keep,
    list_labels,
    recode,
    regress,
    regress_mml,
    rename,
    rename_dataset,
    replace_values,
    require,
    summarize,
    tabulate,
    textblock,
    use,
    variables,
)
from grille.server.commands.base import Command

WHITELIST: tuple[Command, ...] = (
    require.COMMAND,
    create_dataset.COMMAND,
    use.COMMAND,
    delete_dataset.COMMAND,
    rename_dataset.COMMAND,
    clone_dataset.COMMAND,
    import_variable.COMMAND,
    generate.COMMAND,
    replace_values.COMMAND,
    recode.COMMAND,
    keep.COMMAND,
    drop.COMMAND,
    rename.COMMAND,
    destring.COMMAND,
    define_labels.COMMAND,
    assign_labels.COMMAND,
    drop_labels.COMMAND,
    list_labels.COMMAND,
    summarize.COMMAND,
    tabulate.COMMAND,
    boxplot.COMMAND,
    histogram.COMMAND,
    regress.COMMAND,
    regress_mml.COMMAND,
    variables.COMMAND,
    help_text.COMMAND,
    history.COMMAND,
    textblock.COMMAND,
)

COMMANDS = MappingProxyType({command.spec.name: command for command in WHITELIST})
