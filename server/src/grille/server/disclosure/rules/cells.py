"""Rule: a cell shows only what many units share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.policy import Policy


def count_cells_shown(noised_n: NDArray[np.int64], policy: Policy) -> NDArray[np.bool_]:
    """Say which counts are shown.

    Risk: a small cell of a table, bar, bin or flow describes few persons; and were an empty cell shown as such, a
    withheld one would say that somebody is there.
    Rule: noised n >= cell_min; an empty cell looks like a small one.
    Numbers: standard 10.
    Source: ESSnet/DwB guidelines for output checking: threshold rule; Handbook on SDC 5.4.

    Args:
        noised_n: int64 (cells,).
        policy: Numbers.
    """
    return noised_n >= policy.cell_min


def magnitude_cells_shown(n: NDArray[np.int64], noised_n: NDArray[np.int64], policy: Policy) -> NDArray[np.bool_]:
    """Say in which cells means, percentiles and the like are shown.

    Risk: statistics other than counts carry no noise, so noise on n alone must not carry a cell over the threshold.
    Rule: both exact and noised n >= cell_min.
    Numbers: standard 10.
    Source: ESSnet/DwB guidelines for output checking: 10 units for means, totals and percentiles.
    """
    return np.minimum(n, noised_n) >= policy.cell_min
