"""Rule: a table is not so fine that most of its cells are small."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.policy import Policy


def table_is_dense(n: NDArray[np.int64], dimensions: int, policy: Policy) -> bool:
    """Say whether a table is coarse enough to be shown.

    Risk: the pattern of empty and small cells of a fine table describes single units, as does a table of a continuous
    variable.
    Rule: at most sparse_share_max of the non-empty cells have fewer than sparse_below units; at most table_cells_max
    non-empty cells; at most table_dimensions_max dimensions.
    Numbers: standard 50 %, 5 units, 5 000 cells, 3 dimensions.
    Source: microdata.no, measures for disclosure control: sparse tables.

    Args:
        n: int64 (cells,): units of the cells, margins left out; zeros do not count.
        dimensions: Number of dimensions.
        policy: Numbers.
    """
    filled = n[n > 0]
    if dimensions > policy.table_dimensions_max or filled.size > policy.table_cells_max:
        return False
    return bool((filled < policy.sparse_below).sum() <= policy.sparse_share_max * filled.size)
