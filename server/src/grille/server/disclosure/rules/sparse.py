"""Rule: a table is not so fine that most of its cells are small."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grille.server.disclosure.noise import noised
from grille.server.disclosure.policy import Policy


def table_is_dense(n: NDArray[np.int64], keys: NDArray[np.uint64], dimensions: int, policy: Policy) -> bool:
    """Say whether a table is coarse enough to be shown.

    Risk: the pattern of empty and small cells of a fine table describes single units, as does a table of a continuous
    variable. With sharp limits the refusal would tell whether one more cell has anybody in it.
    Rule: at most sparse_share_max of the non-empty cells have fewer than sparse_below units, and there are at most
    table_cells_max non-empty cells, both numbers of cells with noise; at most table_dimensions_max dimensions.
    Numbers: standard 50 %, 5 units, 5 000 cells, 3 dimensions.
    Source: microdata.no, measures for disclosure control: sparse tables.

    Args:
        n: int64 (cells,): units of the cells, margins left out; zeros do not count.
        keys: uint64 (cells,): cell keys.
        dimensions: Number of dimensions.
        policy: Numbers.
    """
    filled, small = n > 0, (n > 0) & (n < policy.sparse_below)
    if dimensions > policy.table_dimensions_max or _noised(filled, keys) > policy.table_cells_max:
        return False
    return _noised(small, keys) <= policy.sparse_share_max * int(filled.sum())


def _noised(cells: NDArray[np.bool_], keys: NDArray[np.uint64]) -> int:
    """Return the number of cells with the noise of the units in them."""
    return noised(int(cells.sum()), int(np.add.reduce(keys[cells], dtype=np.uint64)))
