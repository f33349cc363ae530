"""`grille help`: the commands of the whitelist, described by the server that runs them."""

from __future__ import annotations

from collections.abc import Iterable

from grille.client.connection import connected
from grille.client.environment import Environment
from grille.client.exits import Exit
from grille.client.render.markdown import markdown_lines
from grille.client.render.style import Style, clean, wrapped
from grille.client.words import Words, language_of, pick
from grille.v1.catalog_pb2 import CommandHelp, ListCommandsRequest


def help_commands(environment: Environment, name: str, words: Words) -> Exit:
    """Print all commands by group, or everything about one."""
    request = ListCommandsRequest(name=name, language=language_of(words))
    with connected(environment, words) as connection:
        commands = connection.call(connection.catalog.ListCommands, request).commands
    style = Style(environment.colours)
    if name and len(commands) == 1:
        lines = one_command(commands[0], environment, words, style)
    else:
        lines = all_commands(commands, environment.width, style)
    environment.stdout.write("\n".join(lines) + "\n")
    return Exit.OK


def all_commands(commands: Iterable[CommandHelp], width: int, style: Style) -> list[str]:
    """Return the commands under their group headings, one line each."""
    groups: dict[str, list[CommandHelp]] = {}
    for command in commands:
        groups.setdefault(command.group, []).append(command)
    name_width = max((len(one.name) for members in groups.values() for one in members), default=0)
    lines: list[str] = []
    for group, members in groups.items():
        lines += [*([""] if lines else []), style.bold(clean(group))]
        for one in members:
            lines += _pair(clean(one.name), clean(one.summary), name_width, width)
    return lines


def one_command(command: CommandHelp, environment: Environment, words: Words, style: Style) -> list[str]:
    """Return everything about one command: summary, syntax, options, details, examples."""
    width = environment.width
    lines = [style.bold(clean(command.name)), *wrapped(clean(command.summary), width), ""]
    lines += [f"  {line}" for line in wrapped(clean(command.syntax), width - 2)]
    if command.options:
        lines += ["", style.bold(pick(words, "Options", "Opsjoner"))]
        option_width = min(28, max(len(option.syntax) for option in command.options))
        for option in command.options:
            lines += _pair(clean(option.syntax), clean(option.summary), option_width, width)
    if command.details:
        lines += ["", *markdown_lines(command.details, width, environment.colours)]
    if command.examples:
        lines += ["", style.bold(pick(words, "Examples", "Eksempler"))]
        for example in command.examples:
            lines += [f"  {clean(line)}" for line in example.splitlines()]
    return lines


def _pair(head: str, text: str, head_width: int, width: int) -> list[str]:
    first, *rest = wrapped(text, max(20, width - head_width - 4))
    indent = " " * (head_width + 4)
    if len(head) > head_width:
        return [f"  {head}", *(indent + line for line in (first, *rest))]
    return [f"  {head:<{head_width}}  {first}", *(indent + line for line in rest)]
