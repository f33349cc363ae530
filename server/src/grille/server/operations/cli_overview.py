"""The command grille-server audit report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grille.server.operations.terminal import Terminal
from grille.server.text import Text

if TYPE_CHECKING:
    from grille.server.audit.overview.model import Overview

_SHOWN = 12


def add_overview(audit_app: typer.Typer, terminal: Terminal) -> None:
    """Add the command to `audit_app`."""

    @audit_app.command("report")
    def report(
        home: Annotated[Path, typer.Argument(metavar="HOME", help="Folder of the server.")],
        project: Annotated[str, typer.Option(help="Only this project.")] = "",
        user: Annotated[str, typer.Option(help="Only this user's commands.")] = "",
        as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    ) -> None:
        """Show what was released to whom, and patterns that look like an attack. The server may be running."""
        from grille.server.audit.overview.summary import document
        from grille.server.disclosure.ledger import Ledger
        from grille.server.operations.home import Home
        from grille.server.operations.keys import load_keys
        from grille.server.operations.overview import home_overview

        found = Home.existing(home)
        ledger = Ledger(found.ledger, load_keys(found).ledger)
        try:
            overview = home_overview(found, ledger, {project} if project else None, user)
        finally:
            ledger.close()
        if as_json:
            told = document(overview, terminal.language)
            terminal.out.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
            return
        show(overview, terminal)


def show(overview: Overview, terminal: Terminal) -> None:
    """Write an overview for people: alarms first."""
    _alarms(overview, terminal)
    terminal.say(Text("\nCommands", "\nKommandoer"))
    terminal.table(
        (
            Text("project", "prosjekt"),
            Text("user", "bruker"),
            Text("sessions", "økter"),
            Text("commands", "kommandoer"),
            Text("released", "utlevert"),
            Text("sets", "mengder"),
            Text("refused", "avvist"),
            Text("failed", "feilet"),
            Text("on twins", "på tvillinger"),
            Text("last", "sist"),
        ),
        (
            (
                one.project or "-",
                one.user or "-",
                str(one.sessions),
                str(one.commands),
                str(one.released),
                str(len(one.sets)),
                str(sum(one.refused.values())),
                str(one.failed),
                str(one.on_twins),
                one.last[:19],
            )
            for one in overview.activities
        ),
    )
    refused = list(_refusals(overview))
    heads: tuple[Text, ...]
    if refused:
        terminal.say(Text("\nRefusals", "\nAvvisninger"))
        heads = (Text("project", "prosjekt"), Text("user", "bruker"), Text("reason", "grunn"), Text("times", "ganger"))
        terminal.table(heads, refused)
    if overview.divided:
        terminal.say(Text("\nSets released in several divisions", "\nMengder utlevert i flere oppdelinger"))
        heads = (Text("project", "prosjekt"), Text("set", "mengde"), Text("unit type", "enhetstype"),
                 Text("ways", "måter"), Text("users", "brukere"))  # fmt: skip
        rows = ((d.project, d.digest[:16], d.unit_type, str(d.ways), ", ".join(d.users)) for d in overview.divided)
        terminal.table(heads, list(rows)[:_SHOWN])
    if overview.near:
        terminal.say(Text("\nReleased sets that hardly differ", "\nUtleverte mengder som så vidt er ulike"))
        heads = (Text("project", "prosjekt"), Text("set", "mengde"), Text("and", "og"), Text("unit type", "enhetstype"))
        pairs = ((n.project, n.digests[0][:16], n.digests[1][:16], n.unit_type) for n in overview.near)
        terminal.table(heads, list(pairs)[:_SHOWN])


def _alarms(overview: Overview, terminal: Terminal) -> None:
    if not overview.alarms:
        terminal.say(Text("No alarms.", "Ingen alarmer."))
        return
    count = len(overview.alarms)
    terminal.say(Text(f"ALARMS: {count}", f"ALARMER: {count}"))
    for alarm in overview.alarms:
        who = ", ".join(alarm.users) or "-"
        numbers = ", ".join(map(str, alarm.records[:_SHOWN]))
        more = f" +{len(alarm.records) - _SHOWN}" if len(alarm.records) > _SHOWN else ""
        place = " ".join(part for part in (alarm.project, who) if part)
        terminal.say(
            Text(
                f"  {alarm.kind}  {place}: {alarm.text.en} Records {numbers}{more}",
                f"  {alarm.kind}  {place}: {alarm.text.no} Oppføringer {numbers}{more}",
            )
        )


def _refusals(overview: Overview) -> Iterator[tuple[str, ...]]:
    for one in overview.activities:
        for reason, times in sorted(one.refused.items()):
            yield one.project, one.user, reason, str(times)
