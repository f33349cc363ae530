"""The parts that the synthetic register is drawn from are what they claim to be."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from grille.server.catalog.encrypted_duckdb import connect
from grille.server.catalog.synthetic import draws, synthesize
from grille.server.catalog.synthetic.calendar import Years
from grille.server.catalog.synthetic.municipalities import counties, municipalities
from grille.server.catalog.synthetic.occupations import detailed_shares, major_shares, occupations
from grille.server.catalog.synthetic.schooling import LEVEL_SHARES
from grille.server.catalog.synthetic.truth import effects
from grille.server.errors import TypeMismatchError

COUNTY_SIZES = {
    "03": 1,
    "11": 23,
    "15": 26,
    "18": 41,
    "30": 51,
    "34": 46,
    "38": 23,
    "42": 25,
    "46": 43,
    "50": 38,
    "54": 39,
}


def test_there_are_356_municipalities_in_eleven_counties() -> None:
    assert Counter(place.county for place in municipalities()) == COUNTY_SIZES
    assert len({place.code for place in municipalities()}) == 356
    assert counties() == tuple(sorted(COUNTY_SIZES))


def test_buckets_follow_the_weights_and_forget_nobody() -> None:
    items = draws.buckets({7: 3.0, 8: 1.0, 9: 1e-9, 10: 0.0}, 1000)
    counts = Counter(items)
    assert len(items) == 1000
    assert counts[7] == pytest.approx(750, abs=1)
    assert counts[9] == 1
    assert counts[10] == 0


def test_uniform_and_normal_draws_have_their_distributions_and_streams_do_not_follow_each_other() -> None:
    with connect() as connection:
        draws.install(connection, 5)
        columns = connection.execute("""
            SELECT uniform(range, 'a') AS a, uniform(range, 'b') AS b, uniform(range + 1, 'a') AS c,
              normal(range, 'a') AS n, normal(range, 'b') AS m
            FROM range(200000)""").fetchnumpy()
    a, b, c, n, m = (columns[name] for name in "abcnm")
    histogram, _ = np.histogram(a, bins=100, range=(0, 1))
    assert ((histogram - 2000) ** 2 / 2000).sum() < 150  # chi-square, 99 degrees of freedom: p about 0.0007
    for x, y in ((a, b), (a, c), (n, m), (np.abs(a - 0.5), np.abs(b - 0.5)), (n**2, m**2)):
        assert abs(np.corrcoef(x, y)[0, 1]) < 0.011  # five standard errors
    assert n.mean() == pytest.approx(0, abs=0.012)
    assert n.std() == pytest.approx(1, abs=0.01)
    assert (n**4).mean() == pytest.approx(3, abs=0.12)


def test_another_seed_gives_other_draws() -> None:
    found = []
    for seed in (1, 2):
        with connect() as connection:
            draws.install(connection, seed)
            row = connection.execute("SELECT uniform(7, 'a'), uniform(8, 'a')").fetchone()
            found.append(row)
    assert found[0] != found[1]


def test_occupation_shares_are_shares() -> None:
    for school_class in range(4):
        for man in (True, False):
            shares = major_shares(school_class, man=man)
            assert sum(shares) == pytest.approx(1)
            assert min(shares) >= 0
    for major in "0123456789":
        assert sum(detailed_shares(major, man=True).values()) == pytest.approx(1)
    assert len({row.code for row in occupations()}) == len(occupations())


@pytest.mark.parametrize("seed", [1, 2, 30])
def test_effects_have_mean_zero_where_the_regressors_could_pick_them_up(seed: int) -> None:
    drawn = effects(seed)
    major = np.array(list(drawn.major.values()))
    for school_class in range(4):
        for man in (True, False):
            assert np.array(major_shares(school_class, man=man)) @ major == pytest.approx(0, abs=1e-6)
    for code in "0123456789":
        for man in (True, False):
            shares = detailed_shares(code, man=man)
            assert sum(share * drawn.detail[name] for name, share in shares.items()) == pytest.approx(0, abs=1e-6)
    for shares in LEVEL_SHARES:
        assert sum(share * drawn.level[level] for level, share in shares.items()) == pytest.approx(0, abs=1e-6)
    assert np.std(major) > 20_000
    assert np.std(list(drawn.county.values())) > 5_000


def test_sizes_and_years_out_of_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeMismatchError) as caught:
        synthesize(tmp_path, "no.test", 1, 10, 1, "k" * 64, b"s" * 32)
    assert caught.value.reason == "BAD_REGISTER_SIZE"
    with pytest.raises(TypeMismatchError) as caught:
        Years(2024, 2024)
    assert caught.value.reason == "BAD_REGISTER_YEARS"
    assert list(tmp_path.iterdir()) == []
