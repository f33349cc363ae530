"""Count noise against the cell key package of the Office for National Statistics (cell-key-perturbation 3.1)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from cell_key_perturbation.create_perturbed_table import create_perturbed_table

from grille.server.disclosure.noise import noised_counts, perturbation_table
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.rules.cells import count_cells_shown

KEYS = 4096
ROWS = 30_000
COUNTS = np.arange(1, 751)


def published_table() -> pd.DataFrame:
    """Return our noise in the form that the package reads: count up to 750, cell key, change of the count."""
    count, key = (grid.ravel() for grid in np.meshgrid(COUNTS, np.arange(KEYS), indexing="ij"))
    change = noised_counts(count, key.astype(np.uint64)) - count
    return pd.DataFrame({"pcv": count, "ckey": key, "pvalue": change})


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return published_table()


def test_the_table_follows_the_probabilities_for_every_count(table: pd.DataFrame) -> None:
    for count in (1, 2, 3, 5, 9, 10, 11, 300, 750):
        share = table[table.pcv == count].pvalue.value_counts(normalize=True)
        expected = perturbation_table()[min(count, 10)]
        found = np.array([share.get(offset, 0.0) for offset in range(-5, 6)])
        # 4 096 keys: three standard deviations of a share are 0.024 at most
        assert np.abs(found - expected).max() < 0.024


@pytest.mark.parametrize("seed", [1, 2])
def test_tables_are_noised_and_withheld_as_the_package_does(table: pd.DataFrame, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "region": rng.choice(["n", "s", "w"], ROWS, p=[0.9, 0.09, 0.01]),
            "trade": rng.zipf(1.6, ROWS).clip(1, 60).astype(str),
            "key": rng.integers(0, KEYS, ROWS),
        }
    )
    theirs = create_perturbed_table(rows, table, ["region"], ["trade"], "key", threshold=10)
    theirs = theirs[theirs.pre_sdc_count > 0].reset_index(drop=True)
    cells = rows.groupby(["region", "trade"])["key"].agg(["size", "sum"])
    n, keys = cells["size"].to_numpy(), (cells["sum"].to_numpy() % KEYS).astype(np.uint64)
    ours = noised_counts(n, keys)
    shown = count_cells_shown(ours, Policy.standard())
    assert list(map(tuple, theirs[["region", "trade"]].to_numpy())) == list(cells.index)
    assert theirs["count"].isna().to_numpy().tolist() == (~shown).tolist()
    assert theirs["count"].dropna().astype(int).tolist() == ours[shown].tolist()
    # some of all sorts: changed cells, withheld ones, and counts beyond the rows of the table
    assert (ours != n).sum() > 30
    assert (~shown).sum() > 30
    assert n.max() > 750
