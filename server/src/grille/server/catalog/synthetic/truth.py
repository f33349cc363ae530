"""The wage equation of the synthetic register and its true values, for those who test what an estimator recovers.

For an employed person in year t (see docs/synthetic-register.md):

    wage = constant + trend (t - 2022) + age a + man + married + children c + high_background + education[group]
         + county effect + level effect + occupation effect + person effect + part-time + noise + upper tail

Effects of levels have mean zero within the education group, of detailed codes within the major group for men and for
women, of major groups within every education class and sex. So every regressor that is left out of a model is
uncorrelated with those that are in it, and the coefficients below are what any of the models estimates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from grille.server.catalog.synthetic.municipalities import counties, municipalities
from grille.server.catalog.synthetic.occupations import CLASSES, MAJOR_GROUPS, detailed_shares, major_shares
from grille.server.catalog.synthetic.schooling import LEVEL_SHARES


@dataclass(frozen=True, slots=True)
class WageTruth:
    """True values of the wage equation, in NOK per year.

    Attributes:
        constant: Wage in 2022 at age 0 with all regressors 0 and low education.
        trend: Per year after 2022.
        age: Per year of age (year of the wage minus year of birth).
        man: Men over women.
        married: Marital status 2 on 1 January of the year.
        children: Per child (0 to 17 years) in the family on 1 January.
        high_background: Social background 1 or 2.
        education: By education group: low (levels 0-2), middle (3-5), bachelor (6), master (7-8), unknown (9); the
            highest level reached before 1 January.
        county_sd: Standard deviation that the county effects are drawn with.
        level_sd: The same for education levels within groups.
        detail_sd: The same for detailed occupations within major groups.
        person_sd: Standard deviation of what a person keeps over the years.
        noise_sd: Standard deviation of what is new every year.
        part_time: What a part-time job takes away; its expectation by sex is added back to all.
        tail_share: Share of wages with an addition from the upper tail; its expectation is taken from all.
        tail_scale: Least addition; additions are Pareto distributed.
        tail_shape: Shape of that distribution.
    """

    constant: float = 240_000.0
    trend: float = 16_000.0
    age: float = 4_500.0
    man: float = 62_000.0
    married: float = 18_000.0
    children: float = -6_000.0
    high_background: float = 24_000.0
    education: Mapping[str, float] = field(
        default_factory=lambda: {
            "low": 0.0, "middle": 55_000.0, "bachelor": 120_000.0, "master": 235_000.0, "unknown": 10_000.0
        }
    )  # fmt: skip
    county_sd: float = 22_000.0
    level_sd: float = 24_000.0
    detail_sd: float = 34_000.0
    person_sd: float = 62_000.0
    noise_sd: float = 40_000.0
    part_time: float = 110_000.0
    tail_share: float = 0.02
    tail_scale: float = 150_000.0
    tail_shape: float = 3.5


TRUTH = WageTruth()

PART_TIME_SHARES = {True: 0.14, False: 0.32}
"""Share of part-time jobs among men (True) and women (False)."""

_MAJOR_WANTED = (30.0, 150.0, 70.0, 50.0, -20.0, -70.0, -90.0, 20.0, 10.0, -80.0)
"""Effects of the major groups in thousand NOK before they are made to have mean zero in every class and sex."""


@dataclass(frozen=True, slots=True)
class WageEffects:
    """The effects of groups in one register, in NOK per year, by code.

    Attributes:
        county: By two-digit county code.
        level: By first digit of NUDB_BU.
        major: By first digit of the occupation; the same in every register.
        detail: By four-digit occupation, on top of the major group.
    """

    county: Mapping[str, float]
    level: Mapping[str, float]
    major: Mapping[str, float]
    detail: Mapping[str, float]


def effects(seed: int) -> WageEffects:
    """Return the effects of groups in the register of `seed`."""
    return WageEffects(_county(seed), _level(seed), _major(), _detail(seed))


def _county(seed: int) -> Mapping[str, float]:
    sizes = np.array([sum(m.inhabitants for m in municipalities() if m.county == code) for code in counties()])
    drawn = TRUTH.county_sd * np.array([_normal(seed, "county", code) for code in counties()])
    return dict(zip(counties(), (drawn - sizes @ drawn / sizes.sum()).tolist(), strict=True))


def _level(seed: int) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for shares in LEVEL_SHARES:
        drawn = TRUTH.level_sd * np.array([_normal(seed, "level", level) for level in shares])
        weights = np.array(list(shares.values()))
        found |= dict(zip(shares, (drawn - weights @ drawn).tolist(), strict=True))
    return found


def _major() -> Mapping[str, float]:
    rows = [major_shares(c, man=man) for c in range(len(CLASSES)) for man in (True, False)]
    left = _orthogonal(1000.0 * np.array(_MAJOR_WANTED), np.array(rows))
    return dict(zip(MAJOR_GROUPS, left.tolist(), strict=True))


def _detail(seed: int) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for major in MAJOR_GROUPS:
        men, women = detailed_shares(major, man=True), detailed_shares(major, man=False)
        drawn = TRUTH.detail_sd * np.array([_normal(seed, "occupation", code) for code in men])
        left = _orthogonal(drawn, np.array([list(men.values()), list(women.values())]))
        found |= dict(zip(men, left.tolist(), strict=True))
    return found


def _orthogonal(vector: NDArray[np.float64], rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what is left of `vector` (n,) after projection on the span of `rows` (k, n), of any rank."""
    _, sizes, directions = np.linalg.svd(rows, full_matrices=False)
    span = directions[sizes > 1e-9 * sizes[0]]
    return np.asarray(vector - span.T @ (span @ vector), dtype=np.float64)


def _normal(seed: int, kind: str, code: str) -> float:
    digest = hashlib.blake2b(f"{seed}:{kind}:{code}".encode(), digest_size=8).digest()
    return NormalDist().inv_cdf((int.from_bytes(digest, "big") + 0.5) / 2**64)
