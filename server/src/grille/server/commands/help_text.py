"""help: what the commands do, from their own specifications."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from grille.server.blocks import Block, Cell, Column, Format, Markdown, Table
from grille.server.commands.base import Bound, Command, CommandSpec, Outcome, Workspace
from grille.server.commands.lookup import near_hint
from grille.server.commands.preparation import SUPPORT
from grille.server.commands.published import Plan, compute_published, present_published, text_cell
from grille.server.commands.scope import Scope
from grille.server.errors import UnknownNameError
from grille.server.language import ast
from grille.server.text import Language, Text

_COLUMNS = (
    Column("command", Text("Command", "Kommando"), Format.TEXT),
    Column("group", Text("Group", "Gruppe"), Format.TEXT),
    Column("summary", Text("What it does", "Hva den gjør"), Format.TEXT),
    Column("syntax", Text("Syntax", "Syntaks"), Format.TEXT),
)
_OPTIONS = Text("Options", "Valg")
_EXAMPLES = Text("Examples", "Eksempler")


class Help:
    """The command."""

    spec = CommandSpec(
        name="help",
        group=SUPPORT,
        summary=Text("Explain the commands, or one of them", "Forklar kommandoene, eller en av dem"),
        syntax="help [COMMAND]",
        examples=("help", "help import"),
        details=Text("Without argument, all commands in a table.", "Uten argument vises alle kommandoer i en tabell."),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Look up the command."""
        if not isinstance(node, ast.Help):
            raise TypeError("not help")
        from grille.server.commands.whitelist import COMMANDS  # the whitelist holds this command too

        if node.command is None:
            return Bound(self.spec.name, Plan((overview(COMMANDS.values()),)), scope)
        return Bound(self.spec.name, Plan((_of_command(COMMANDS, node.command),)), scope)

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Touch no rows."""
        return compute_published(plan, workspace)

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the text."""
        return present_published(content)


def overview(commands: Iterable[Command]) -> Table:
    """Return the table of all commands."""
    rows = tuple(
        (Cell(one.spec.name), text_cell(one.spec.group), text_cell(one.spec.summary), Cell(one.spec.syntax))
        for one in commands
    )
    return Table("commands", Text("Commands", "Kommandoer"), _COLUMNS, rows)


def explained(spec: CommandSpec) -> Markdown:
    """Return the help text of one command."""
    return Markdown("help", Text(_page(spec, Language.ENGLISH), _page(spec, Language.NORWEGIAN)))


def _of_command(commands: Mapping[str, Command], name: ast.Name) -> Markdown:
    found = commands.get(name.text)
    if found is None:
        raise UnknownNameError(
            "UNKNOWN_COMMAND",
            Text(f"There is no command `{name.text}`.", f"Det finnes ingen kommando `{name.text}`."),
            hint=near_hint(name.text, commands) or Text("`help` lists the commands.", "`help` viser kommandoene."),
            span=name.span,
        )
    return explained(found.spec)


def _page(spec: CommandSpec, language: Language) -> str:
    parts = [f"## {spec.name}", spec.summary.in_language(language) + ".", f"    {spec.syntax}"]
    if spec.details is not None:
        parts.append(spec.details.in_language(language))
    if spec.options:
        lines = [f"- `{option.syntax}`: {option.summary.in_language(language)}" for option in spec.options]
        parts += [f"### {_OPTIONS.in_language(language)}", "\n".join(lines)]
    if spec.examples:
        parts += [f"### {_EXAMPLES.in_language(language)}", "\n".join(f"    {example}" for example in spec.examples)]
    return "\n\n".join(parts) + "\n"


COMMAND = Help()
