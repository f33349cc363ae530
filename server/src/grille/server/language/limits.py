"""Limits on scripts. They bound the work that a text can cause before anything about it is known to be sensible."""

from __future__ import annotations

from typing import Final

MAX_SCRIPT_BYTES: Final = 1_000_000
MAX_LINE_CHARACTERS: Final = 20_000
MAX_NESTING: Final = 100
MAX_TOKENS: Final = 5_000
MAX_COMMANDS: Final = 10_000
MAX_NAME_CHARACTERS: Final = 128
MAX_TEXT_CHARACTERS: Final = 10_000
"""Longest string that an expression can give; a longer result is missing."""
