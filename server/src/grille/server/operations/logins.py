"""Which subject of the OIDC provider each user is."""

from __future__ import annotations

from grille.server.errors import TypeMismatchError, UnknownNameError
from grille.server.operations.journal import note
from grille.server.operations.registry import Registry
from grille.server.text import Text

LONGEST_SUBJECT = 255


def link(registry: Registry, user: str, subject: str) -> None:
    """Let `user` log in as `subject` only, in place of an earlier subject.

    Source: OpenID Connect Core 1.0 section 2 for what a subject may be.

    Raises:
        UnknownNameError: UNKNOWN_USER.
        TypeMismatchError: SUBJECT_INVALID when it is empty, longer than 255 characters or not printable ASCII;
            SUBJECT_TAKEN when another user has it.
    """
    if not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isascii() or not subject.isprintable():
        raise TypeMismatchError(
            "SUBJECT_INVALID",
            Text("A subject is 1 to 255 printable ASCII characters.", "Et subjekt er 1 til 255 synlige ASCII-tegn."),
            hint=Text("It is what the provider's tokens hold as `sub`.", "Det er `sub` i tilbyderens tokener."),
        )
    with registry.change() as change:
        if not change.execute("SELECT 1 FROM users WHERE name = ?", (user,)).fetchone():
            raise _unknown_user(user)
        held = change.execute("SELECT user FROM logins WHERE subject = ?", (subject,)).fetchone()
        if held and held[0] != user:
            raise TypeMismatchError(
                "SUBJECT_TAKEN", Text(f"This subject is {held[0]} already.", f"Dette subjektet er allerede {held[0]}.")
            )
        change.execute(
            "INSERT INTO logins VALUES (?, ?, ?) ON CONFLICT (user) DO UPDATE SET subject = excluded.subject,"
            " created = excluded.created",
            (user, subject, registry.now()),
        )
        note(change, "login linked", "", user, login=subject)


def unlink(registry: Registry, user: str) -> None:
    """Take a user's subject away; the user has no login then.

    Raises:
        UnknownNameError: NOT_LINKED.
    """
    with registry.change() as change:
        if change.execute("DELETE FROM logins WHERE user = ?", (user,)).rowcount == 0:
            raise UnknownNameError("NOT_LINKED", Text(f"{user} has no login.", f"{user} har ingen pålogging."))
        note(change, "login unlinked", "", user)


def subject_of(registry: Registry, user: str) -> str:
    """Return the subject of a user; empty when there is none."""
    rows = registry.read("SELECT subject FROM logins WHERE user = ?", (user,))
    return str(rows[0][0]) if rows else ""


def _unknown_user(user: str) -> UnknownNameError:
    return UnknownNameError("UNKNOWN_USER", Text(f"There is no user {user}.", f"Det finnes ingen bruker {user}."))
