"""Limits on scripts. They bound the work that a text can cause before anything about it is known to be sensible."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

COMPARISONS: Final = ("==", "!=", "<", "<=", ">", ">=")

MAX_SCRIPT_BYTES: Final = 1_000_000
MAX_LINE_CHARACTERS: Final = 20_000
MAX_NESTING: Final = 100
CALL_WEIGHT: Final = 6
"""A function call counts as this many levels of nesting, because the query that it becomes nests as much."""
OPERATOR_WEIGHTS: Final[Mapping[str, int]] = MappingProxyType(
    {"^": 4, "/": 2, "+": 2, "-": 2} | dict.fromkeys(COMPARISONS, 2)
)
"""As CALL_WEIGHT, for operators; others count once."""
MAX_TOKENS: Final = 5_000
MAX_COMMANDS: Final = 10_000
MAX_NAME_CHARACTERS: Final = 128
