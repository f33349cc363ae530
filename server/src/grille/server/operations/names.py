"""Names of installations, users and projects: they end up in certificates, paths and logs."""

from __future__ import annotations

import re

from grille.server.errors import TypeMismatchError
from grille.server.text import Text

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")


def parse_name(text: str, what: Text) -> str:
    """Return `text` if it is a name: 1 to 63 ASCII letters, digits, dots, hyphens and underscores.

    Args:
        text: The name.
        what: What it names, for the message; begins with a capital.

    Raises:
        TypeMismatchError: NAME_INVALID.
    """
    if not _NAME.match(text):
        raise TypeMismatchError(
            "NAME_INVALID",
            Text(f"{what.en} {text!r} is not allowed.", f"{what.no} {text!r} er ikke tillatt."),
            hint=Text(
                "Use 1 to 63 letters a-z, digits, dots, hyphens and underscores, beginning with a letter or digit.",
                "Bruk 1 til 63 bokstaver a-z, sifre, punktum, bindestrek og understrek; først en bokstav eller et "
                "siffer.",
            ),
        )
    return text
