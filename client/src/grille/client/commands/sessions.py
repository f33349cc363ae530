"""`grille sessions`: lists, closes, resumes and replays the user's own sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from grille.client.commands.run import RunOptions, run
from grille.client.connection import connected
from grille.client.environment import Environment
from grille.client.errors import RefusedError, from_rpc, stopped
from grille.client.exits import Exit
from grille.client.render.listing import Listing, listing_lines
from grille.client.render.style import Style, clean
from grille.client.words import Words, language_of, pick
from grille.v1.session_pb2 import (
    SESSION_STATE_ASLEEP,
    SESSION_STATE_INTERRUPTED,
    SESSION_STATE_RUNNING,
    CloseSessionRequest,
    GetUsageRequest,
    ListSessionsRequest,
    ReplaySessionRequest,
    ResumeSessionRequest,
)

_STATES = {
    SESSION_STATE_RUNNING: ("running", "kjører"),
    SESSION_STATE_ASLEEP: ("asleep", "hviler"),
    SESSION_STATE_INTERRUPTED: ("interrupted", "avbrutt"),
}


def list_sessions(environment: Environment, words: Words) -> Exit:
    """Print the user's open sessions, newest first."""
    with connected(environment, words) as connection:
        sessions = connection.call(connection.sessions.ListSessions, ListSessionsRequest()).sessions
    if not sessions:
        environment.stdout.write(pick(words, "No open sessions\n", "Ingen åpne økter\n"))
        return Exit.OK
    heads = pick(words, "Session|Project|State|Last used|Commands|Banks",
                 "Økt|Prosjekt|Tilstand|Sist brukt|Kommandoer|Banker").split("|")  # fmt: skip
    rows: list[list[str | int]] = [
        [one.session_id, one.project, pick(words, *_STATES.get(one.state, ("ready", "klar"))),
         _time(one.last_used_time), one.commands,
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


def show_quotas(environment: Environment, project: str, words: Words) -> Exit:
    """Print the user's use of the quotas of a project; empty means the only one."""
    with connected(environment, words) as connection:
        request = GetUsageRequest(project=project, language=language_of(words))
        usages = connection.call(connection.sessions.GetUsage, request).usages
    heads = pick(words, "Used|Limit|Of", "Brukt|Grense|Av").split("|")
    rows: list[list[str | int]] = [[one.used, one.limit or "-", one.label] for one in usages]
    lines = listing_lines("", Listing(heads, rows), environment.width, words, Style(environment.colours))
    environment.stdout.write("\n".join(lines) + "\n")
    return Exit.OK


def resume_session(environment: Environment, options: RunOptions, *, results: bool) -> Exit:
    """Bring a session back, say what is in it, and follow its latest script if the server keeps its answers.

    Args:
        environment: Streams and credentials.
        options: The session, and how results are written.
        results: Whether to show the latest script's results.

    Raises:
        ClientError: The session is not there, or cannot be brought back.
    """
    words = options.words
    with connected(environment, words) as connection:
        request = ResumeSessionRequest(session_id=options.session or "")
        back = connection.call(connection.sessions.ResumeSession, request, timeout=None)
    names = ", ".join(back.datasets) or pick(words, "no data sets", "ingen datasett")
    environment.stderr.write(
        pick(words, f"Session {back.session.session_id} is there: {names}\n",
             f"Økten {back.session.session_id} er der: {names}\n")
    )  # fmt: skip
    if back.rebuilt_commands:
        environment.stderr.write(
            pick(words, f"The server was restarted; {back.rebuilt_commands} commands were run again.\n",
                 f"Tjeneren ble startet på nytt; {back.rebuilt_commands} kommandoer ble kjørt på nytt.\n")
        )  # fmt: skip
    if not results or not back.request_id:
        return Exit.OK
    try:
        return run(environment, replace(options, request=back.request_id, twin=back.session.twin))
    except RefusedError as error:
        if error.reason != "ANSWERS_GONE":
            raise
        environment.stderr.write(error.message + "\n")
        return Exit.OK


def replay_session(environment: Environment, session: str, words: Words) -> Exit:
    """Have the server run a session again, and say for each command whether the same came out; FAILED if not."""
    different = total = 0
    style = Style(environment.colours)
    with connected(environment, words) as connection:
        request = ReplaySessionRequest(session_id=session, language=language_of(words))
        call = connection.sessions.ReplaySession(request)
        try:
            for one in call:
                total = one.total
                different += not one.same
                mark = pick(words, "same", "samme") if one.same else pick(words, "DIFFERENT", "ULIK")
                why = f" [{one.reason}]" if one.reason else ""
                shown = mark if one.same else style.bad(mark)
                source = clean(" ".join(one.source.split()))
                environment.stdout.write(f"{shown}  {one.audit_record}  {one.released_digest[:16]}  {source}{why}\n")
        except KeyboardInterrupt:
            call.cancel()
            raise stopped(words) from None
        except grpc.RpcError as error:
            raise from_rpc(error, connection.address, words, begun=bool(total)) from error
    summary = (
        f"{total} commands were run again; {different} gave something else.\n",
        f"{total} kommandoer ble kjørt på nytt; {different} ga noe annet.\n",
    )
    environment.stdout.write(pick(words, *summary))
    return Exit.FAILED if different else Exit.OK


def _time(stamp: Timestamp) -> str:
    if not stamp.seconds:
        return ""
    return stamp.ToDatetime(tzinfo=UTC).astimezone().strftime("%Y-%m-%d %H:%M")
