"""Columns of codes with their dictionary at hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grille.server.engines.base import StoredColumn

MOST_CODES = 4_096
"""Codes of a dictionary; a variable with more values is stored as it is."""


@dataclass(frozen=True, slots=True)
class CodedColumn(StoredColumn):
    """A column of codes whose dictionary was read.

    Attributes:
        values: Value of each code: str, float or None. Code 0 is that of units without a row in the register, the last
            that of rows without a code.
        numbers: The same as float64 with NaN for None; all NaN for text.
        listed: The values as a list in SQL.
    """

    values: tuple[str | float | None, ...] = ()
    numbers: NDArray[np.float64] = None  # type: ignore[assignment]  # always given
    listed: str = ""

    @property
    def absent(self) -> int:
        """Return the code that stands for a row without any; its value is missing."""
        return len(self.values) - 1
