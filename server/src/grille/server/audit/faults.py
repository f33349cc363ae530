"""The errors of the audit log."""

from __future__ import annotations

from pathlib import Path

from grille.server.errors import InternalError
from grille.server.text import Text


def unavailable(why: str) -> InternalError:
    """Return the error of a log that cannot take a record; `why` names no path and no data."""
    return InternalError(
        "AUDIT_UNAVAILABLE",
        Text(
            f"The audit log cannot be written ({why}); no answer is given without a record.",
            f"Revisjonsloggen kan ikke skrives ({why}); uten en oppføring gis det ikke noe svar.",
        ),
        hint=Text("Tell the custodian of the server.", "Si fra til forvalteren av tjeneren."),
    )


def damaged(en: str, no: str) -> InternalError:
    """Return the error of a log that is not as it was left."""
    return InternalError(
        "AUDIT_DAMAGED",
        Text(f"The audit log is damaged: {en}.", f"Revisjonsloggen er skadet: {no}."),
        hint=Text(
            "Run: grille-server audit verify HOME. Keep a copy of the folder before anything else.",
            "Kjør: grille-server audit verify HOME. Ta en kopi av mappen før noe annet gjøres.",
        ),
    )


def locked(directory: Path) -> InternalError:
    """Return the error of a log that another process writes."""
    return InternalError(
        "AUDIT_LOCKED",
        Text(
            f"Another process writes the audit log in {directory}.",
            f"En annen prosess skriver revisjonsloggen i {directory}.",
        ),
        hint=Text("Is a server running already?", "Kjører det allerede en tjener?"),
    )
