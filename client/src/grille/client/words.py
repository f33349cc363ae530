"""The languages that the client itself speaks; results come from the server in the language of the session."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grille.v1.session_pb2 import Language


class Words(StrEnum):
    """Languages of the client's own words, of number formats and of the session."""

    ENGLISH = "en"
    NORWEGIAN = "no"


def pick(words: Words, en: str, no: str) -> str:
    """Return the text in the language of `words`."""
    return no if words is Words.NORWEGIAN else en


def language_of(words: Words) -> Language:
    """Return the contract's name for a language."""
    from grille.v1 import session_pb2

    norwegian = words is Words.NORWEGIAN
    return session_pb2.LANGUAGE_NORWEGIAN if norwegian else session_pb2.LANGUAGE_ENGLISH
