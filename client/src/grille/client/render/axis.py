"""A horizontal axis in terminal cells with round numbers at its ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rich.cells import cell_len

from grille.client.render.numbers import Notation, fixed, plain

LABEL_GAP = 2


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale from data to terminal cells.

    Attributes:
        low: Value at the middle of the first cell.
        high: Value at the middle of the last cell.
        cells: Number of cells.
    """

    low: float
    high: float
    cells: int

    def cell(self, value: float) -> int:
        """Return the cell that holds a value, counted from 0 and held inside the axis."""
        if self.high <= self.low:
            return self.cells // 2
        place = (value - self.low) / (self.high - self.low) * (self.cells - 1)
        return min(self.cells - 1, max(0, round(place)))

    def lines(self, notation: Notation) -> list[str]:
        """Return the axis as two lines: the rule with its ticks, and the numbers under them."""
        for wanted in range(max(2, self.cells // 9), 0, -1):
            at = ticks(self.low, self.high, wanted)
            labels = tick_labels(at, notation)
            placed = self._placed(at, labels)
            if placed is not None:
                break
        else:
            at, labels, placed = [], [], []
        rule = ["─"] * self.cells
        for value in at:
            rule[self.cell(value)] = "┴"
        row = ""
        for start, label in placed:
            row += " " * (start - cell_len(row)) + label
        return ["".join(rule), row]

    def _placed(self, at: list[float], labels: list[str]) -> list[tuple[int, str]] | None:
        placed = []
        end = -LABEL_GAP
        for value, label in zip(at, labels, strict=True):
            size = cell_len(label)
            start = max(0, min(self.cell(value) - size // 2, self.cells - size))
            if start < end + LABEL_GAP:
                return None
            placed.append((start, label))
            end = start + size
        return placed


def ticks(low: float, high: float, wanted: int) -> list[float]:
    """Return about `wanted` round numbers from `low` to `high`, steps of 1, 2, 2.5 or 5 times a power of ten."""
    if not high > low:
        return [low]
    rough = (high - low) / max(1, wanted)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{i * step:.10g}") for i in range(first, last + 1)]


def tick_labels(at: list[float], notation: Notation) -> list[str]:
    """Return the numbers at the ticks, all with the same number of decimals."""
    if any(value and not 1e-5 <= abs(value) < 1e12 for value in at):
        return [plain(value, notation) for value in at]
    decimals = max((len(f"{abs(value):.10f}".rstrip("0").partition(".")[2]) for value in at), default=0)
    return [fixed(value, decimals, notation) for value in at]
