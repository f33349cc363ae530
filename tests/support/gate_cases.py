"""Units with wages for tests of the gate, and short ways to ask it."""

from __future__ import annotations

from typing import Any

import numpy as np
from support.unit_sets import Units

from grille.server.disclosure.evidence import (
    Evidence,
    HistogramEvidence,
)
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.released import (
    Content,
    Released,
)
from grille.server.errors import DisclosureError
from grille.server.text import same

UNITS = Units(6_000)
RNG = np.random.default_rng(11)
WAGE = RNG.gamma(4.0, 100_000.0, UNITS.n)
SEX = (RNG.random(UNITS.n) < 0.5).astype(np.float64)
COUNTY = RNG.integers(0, 5, UNITS.n)
EVERYONE = np.arange(UNITS.n)


def reason_of(gate: Gate, evidence: Evidence) -> str | None:
    try:
        gate.release(evidence, project="P")
    except DisclosureError as error:
        return error.reason
    return None


def content_of(gate: Gate, evidence: Evidence) -> Any:
    return gate.release(evidence, project="P").content


def rules_of(released: Released[Content]) -> set[str]:
    return {rule.rule for rule in released.rules}


class Silent(Ledger):
    """A ledger for tests of single releases, which remembers nothing."""

    def __init__(self) -> None:
        pass

    def admit(self, *_: Any) -> None:
        pass

    def admit_separately(self, project: str, sets: Any, policy: Policy, partition: Any = None) -> list[bool]:
        return [True] * len(sets)

    def acceptable(self, project: str, sets: Any, policy: Policy) -> list[bool]:
        return [True] * len(sets)


def histogram(
    bars: np.ndarray, members: np.ndarray, *, discrete: bool = False, population: int = 6_000
) -> HistogramEvidence:
    top = int(bars.max()) + 1
    masks = [[(bars == bar) & UNITS.mask(members) for bar in range(top)]]
    return HistogramEvidence(
        analysis_set=UNITS.set(members),
        variable=("x", same("x")),
        group=None,
        edges=np.arange(top + (0 if discrete else 1)) * 10.0,
        discrete=discrete,
        n=np.array([[mask.sum() for mask in row] for row in masks], dtype=np.int64),
        keys=np.array([[UNITS.count(mask).key for mask in row] for row in masks], dtype=np.uint64),
        population=population,
    )
