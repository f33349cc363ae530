"""What an auditor asks for: filters on records, held together."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from typing import Any

from grille.server.errors import TypeMismatchError
from grille.server.text import Text

_LONGEST = 200
_SHORTEST_SESSION = 4


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Filters; an empty one holds for every record.

    Attributes:
        project: Project.
        user: User name.
        session: Session id or its beginning.
        event: Kind of event.
        command: Name of the command.
        outcome: answered, refused or failed.
        reason: Reason of a refusal or failure.
        since: Not before, ISO 8601 UTC with microseconds.
        until: Before, ISO 8601 UTC with microseconds.
    """

    project: str = ""
    user: str = ""
    session: str = ""
    event: str = ""
    command: str = ""
    outcome: str = ""
    reason: str = ""
    since: str = ""
    until: str = ""

    def check(self) -> AuditFilter:
        """Return the filter if it is one; raises TypeMismatchError BAD_FILTER."""
        texts = {field.name: getattr(self, field.name) for field in fields(self)}
        too_long = [name for name, text in texts.items() if len(text) > _LONGEST or not text.isprintable()]
        if too_long:
            raise _bad(Text(f"The filter {too_long[0]} is not valid.", f"Filteret {too_long[0]} er ikke gyldig."))
        if 0 < len(self.session) < _SHORTEST_SESSION:
            raise _bad(
                Text(
                    f"Give at least {_SHORTEST_SESSION} characters of the session.",
                    f"Oppgi minst {_SHORTEST_SESSION} tegn av økten.",
                )
            )
        return self

    def said(self) -> tuple[tuple[str, str], ...]:
        """Return the filters that are set, for a record's detail."""
        texts = ((field.name, str(getattr(self, field.name))) for field in fields(self))
        return tuple((name, text) for name, text in texts if text)

    def parts(self) -> tuple[bytes, ...]:
        """Return what a line of the log must hold somewhere, so that others need not be read."""
        named = {
            "project": self.project,
            "subject": self.user,
            "event": self.event,
            "outcome": self.outcome,
            "reason": self.reason,
        }
        return tuple(_part(key, value) for key, value in named.items() if value)

    def holds(self, record: dict[str, Any]) -> bool:
        """Say whether a record is asked for; records of older versions name no command, their source begins with it."""
        command = record.get("command") or (re.match(r"\S*", str(record.get("source", ""))) or [""])[0]
        moment = str(record.get("time", ""))
        return (
            self.project in ("", record.get("project"))
            and self.user in ("", record.get("subject"))
            and str(record.get("session", "")).startswith(self.session)
            and self.event in ("", record.get("event"))
            and self.command in ("", command)
            and self.outcome in ("", record.get("outcome"))
            and self.reason in ("", record.get("reason"))
            and (not self.since or moment >= self.since)
            and (not self.until or moment < self.until)
        )


def bad_page() -> TypeMismatchError:
    """Return the error of a page token that this server did not make."""
    return _bad(Text("The page token is not valid.", "Sidemerket er ikke gyldig."))


def _part(key: str, value: str) -> bytes:
    return f"{json.dumps(key)}:{json.dumps(value, ensure_ascii=False)}".encode()


def _bad(message: Text) -> TypeMismatchError:
    return TypeMismatchError("BAD_FILTER", message)
