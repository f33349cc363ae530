"""Text that a person reads, in both languages of the product."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """Languages of labels and messages."""

    ENGLISH = "en"
    NORWEGIAN = "no"


@dataclass(frozen=True, slots=True)
class Text:
    """One piece of text in English and Norwegian."""

    en: str
    no: str

    def in_language(self, language: Language) -> str:
        """Return the text in `language`."""
        return self.no if language is Language.NORWEGIAN else self.en


def same(text: str) -> Text:
    """Return a text that reads the same in both languages, such as a name or a code."""
    return Text(text, text)
