"""`grille sessions`: lists and closes the user's own sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from google.protobuf.timestamp_pb2 import Timestamp

from grille.client.connection import connected
from grille.client.environment import Environment
from grille.client.exits import Exit
from grille.client.render.listing import Listing, listing_lines
from grille.client.render.style import Style
from grille.client.words import Words, pick
from grille.v1.session_pb2 import CloseSessionRequest, ListSessionsRequest


def list_sessions(environment: Environment, words: Words) -> Exit:
    """Print the user's open sessions, newest first."""
    with connected(environment, words) as connection:
        sessions = connection.call(connection.sessions.ListSessions, ListSessionsRequest()).sessions
    if not sessions:
        environment.stdout.write(pick(words, "No open sessions\n", "Ingen åpne økter\n"))
        return Exit.OK
    heads = pick(words, "Session|Project|Opened|Last used|Commands|Banks",
                 "Økt|Prosjekt|Åpnet|Sist brukt|Kommandoer|Banker").split("|")  # fmt: skip
    rows: list[list[str | int]] = [
        [one.session_id, one.project, _time(one.create_time), _time(one.last_used_time), one.commands,
         ", ".join(f"{bank.bank}:{bank.version}" for bank in one.banks)]
        for one in sessions
    ]  # fmt: skip
    lines = listing_lines("", Listing(heads, rows), environment.width, words, Style(environment.colours))
    environment.stdout.write("\n".join(lines) + "\n")
    return Exit.OK


def close_sessions(environment: Environment, ids: Sequence[str], words: Words) -> Exit:
    """Close sessions by id and say so for each."""
    with connected(environment, words) as connection:
        for session in ids:
            connection.call(connection.sessions.CloseSession, CloseSessionRequest(session_id=session))
            environment.stdout.write(pick(words, f"Closed {session}\n", f"Lukket {session}\n"))
    return Exit.OK


def _time(stamp: Timestamp) -> str:
    if not stamp.seconds:
        return ""
    return stamp.ToDatetime(tzinfo=UTC).astimezone().strftime("%Y-%m-%d %H:%M")
