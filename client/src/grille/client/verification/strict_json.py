"""JSON read so that no change hides: no key twice, and every number written with the digits of its value."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

_EXACT = 2**53


class HiddenChangeError(ValueError):
    """A document that programs may read in more than one way."""


def read_strictly(content: bytes) -> Any:
    """Return the values of a JSON document.

    Raises:
        HiddenChangeError: A key stands twice, or a number has digits that its value, a double, has not.
        ValueError: It is no JSON, or not UTF-8.
        RecursionError: It is nested too deeply.
    """
    return json.loads(
        content.decode("utf-8"), object_pairs_hook=_pairs, parse_float=_float, parse_int=_int, parse_constant=_constant
    )


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise HiddenChangeError("a key stands twice")
    return fields


def _float(literal: str) -> float:
    value = float(literal)
    if Decimal(literal) != Decimal(repr(value)):
        raise HiddenChangeError(f"{literal[:40]} is not how the number is written")
    return value


def _int(literal: str) -> int:
    if len(literal) > 17 or abs(int(literal)) > _EXACT:
        raise HiddenChangeError(f"{literal[:40]} is not how the number is written")
    return int(literal)


def _constant(literal: str) -> float:
    raise HiddenChangeError(f"{literal} is no number")
