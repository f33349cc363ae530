"""`grille audit report`: what was released to whom, and patterns that look like an attack."""

from __future__ import annotations

import json
from typing import Any

from grille.client.connection import connected
from grille.client.environment import Environment
from grille.client.exits import Exit
from grille.client.render.listing import Listing, listing_lines
from grille.client.render.style import Style, clean, wrapped
from grille.client.words import Words, language_of, pick
from grille.v1.audit_pb2 import GetOverviewRequest

SLOW_SECONDS = 300.0
SHOWN = 12


def report(environment: Environment, project: str, user: str, as_json: bool, words: Words) -> Exit:
    """Print the overview of the projects that the caller audits, alarms first; as JSON, one document."""
    request = GetOverviewRequest(project=project, user=user, language=language_of(words))
    with connected(environment, words) as connection:
        answer = connection.call(connection.audit.GetOverview, request, SLOW_SECONDS)
    overview = json.loads(answer.overview_json)
    if as_json:
        environment.stdout.write(json.dumps(overview, ensure_ascii=False, indent=2) + "\n")
        return Exit.OK
    style = Style(environment.colours)
    lines = _alarms(overview["alarms"], environment.width, words, style)
    for title, listing in _tables(overview, words):
        if listing.rows:
            lines += ["", *listing_lines(title, listing, environment.width, words, style)]
    environment.stdout.write("\n".join(lines) + "\n")
    return Exit.OK


def _alarms(alarms: list[dict[str, Any]], width: int, words: Words, style: Style) -> list[str]:
    if not alarms:
        return [pick(words, "No alarms", "Ingen alarmer")]
    lines = [style.bad(pick(words, "Alarms: {0}", "Alarmer: {0}").format(len(alarms)))]
    records = pick(words, "Records", "Oppføringer")
    for alarm in alarms:
        numbers = ", ".join(str(number) for number in alarm["records"][:SHOWN])
        more = f" +{len(alarm['records']) - SHOWN}" if len(alarm["records"]) > SHOWN else ""
        place = " ".join([alarm["project"], ", ".join(alarm["users"])]).strip()
        text = clean(f"{alarm['kind']} {place}: {alarm['text']} {records} {numbers}{more}")
        lines += [f"  {line}" if i == 0 else f"    {line}" for i, line in enumerate(wrapped(text, width - 4))]
    return lines


def _tables(overview: dict[str, Any], words: Words) -> list[tuple[str, Listing]]:
    activities = [
        [
            clean(one["project"]),
            clean(one["user"]),
            one["sessions"],
            one["commands"],
            one["released"],
            one["sets"],
            sum(one["refused"].values()),
            one["failed"],
            one["on_twins"],
        ]
        for one in overview["activities"]
    ]
    refused = [
        [clean(one["project"]), clean(one["user"]), clean(reason), times]
        for one in overview["activities"]
        for reason, times in one["refused"].items()
    ]
    divided = [
        [clean(one["project"]), one["set"][:16], clean(one["unit_type"]), one["ways"], clean(", ".join(one["users"]))]
        for one in overview["divided_sets"][:SHOWN]
    ]
    near = [
        [clean(one["project"]), one["sets"][0][:16], one["sets"][1][:16]]
        for one in overview["near_differences"][:SHOWN]
    ]
    heads = pick(words, "Project|User|Sessions|Commands|Released|Sets|Refused|Failed|On twins",
                 "Prosjekt|Bruker|Økter|Kommandoer|Utlevert|Mengder|Avvist|Feilet|På tvillinger")  # fmt: skip
    return [
        (pick(words, "Commands", "Kommandoer"), Listing(heads.split("|"), activities)),
        (
            pick(words, "Refusals", "Avvisninger"),
            Listing(pick(words, "Project|User|Reason|Times", "Prosjekt|Bruker|Grunn|Ganger").split("|"), refused),
        ),
        (
            pick(words, "Sets released in several divisions", "Mengder utlevert i flere oppdelinger"),
            Listing(
                pick(words, "Project|Set|Unit type|Ways|Users", "Prosjekt|Mengde|Enhetstype|Måter|Brukere").split("|"),
                divided,
            ),
        ),
        (
            pick(words, "Released sets that hardly differ", "Utleverte mengder som så vidt er ulike"),
            Listing(pick(words, "Project|Set|And", "Prosjekt|Mengde|Og").split("|"), near),
        ),
    ]
