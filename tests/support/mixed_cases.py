"""Multilevel models on generated rows, and the same models in statsmodels."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams
from support.model_data import gathered, spec

from grille.server.statistics.reml import Likelihood, MixedResult, fit_mixed

Floats = NDArray[np.float64]


@dataclass
class Case:
    terms: list[str]
    numbers: dict[str, Floats]
    factors: dict[str, NDArray[np.int64]]
    groups: tuple[str, ...]
    constant: bool = True
    columns: list[Floats] = field(default_factory=list)  # the design in full, as statsmodels gets it
    # Ours is unit * theirs + shift per column, where theirs would lose digits; the outcome has a shift alone.
    units: Floats | None = None
    shifted: bool = False
    outcome: Floats | None = None  # as statsmodels gets it, when shifted

    @property
    def exog(self) -> Floats:
        """The design as statsmodels gets it, the constant last."""
        rows = self.numbers["y"].size
        return np.column_stack(self.columns + ([np.ones(rows)] if self.constant else []))

    @property
    def factor_units(self) -> Floats:
        """Unit per coefficient."""
        width = len(self.columns) + self.constant
        return np.ones(width) if self.units is None else np.append(self.units, np.ones(width - self.units.size))


def two_level(seed: int, groups: int, sizes: Callable[[np.random.Generator], int], spread: float) -> Case:
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(groups), [sizes(rng) for _ in range(groups)])
    rng.shuffle(g)
    x1, x2 = rng.normal(size=g.size), (rng.random(g.size) < 0.4).astype(float)
    y = 2 + 0.5 * x1 - x2 + spread * rng.normal(size=groups)[g] + rng.normal(size=g.size)
    return Case(["x1", "x2"], {"x1": x1, "x2": x2, "y": y}, {"g": g}, ("g",), columns=[x1, x2])


def three_level(seed: int, spread_top: float, spread_middle: float, reused: bool = False) -> Case:
    rng = np.random.default_rng(seed)
    middles = rng.integers(2, 7, 18)
    pair_top = np.repeat(np.arange(18), middles)
    label = np.concatenate([np.arange(m) for m in middles]) if reused else np.arange(pair_top.size)
    cell = np.repeat(np.arange(pair_top.size), rng.integers(1, 12, pair_top.size))
    rng.shuffle(cell)
    x1, x2 = rng.normal(size=cell.size), rng.normal(size=18)[pair_top[cell]]
    top, middle = rng.normal(size=18) * spread_top, rng.normal(size=pair_top.size) * spread_middle
    y = 1 + x1 + 0.3 * x2 + top[pair_top[cell]] + middle[cell] + rng.normal(size=cell.size)
    factors = {"top": pair_top[cell], "mid": label[cell]}
    return Case(["x1", "x2"], {"x1": x1, "x2": x2, "y": y}, factors, ("top", "mid"), columns=[x1, x2])


def with_factor() -> Case:
    case = two_level(5, 25, lambda r: int(r.integers(2, 20)), 0.8)
    edu = np.random.default_rng(50).integers(1, 5, case.numbers["y"].size)
    case.factors["edu"] = edu
    case.terms.append("i.edu")
    case.columns += [(edu == level).astype(float) for level in (2, 3, 4)]
    return case


def with_interactions() -> Case:
    case = with_factor()
    sex = np.random.default_rng(51).integers(0, 2, case.numbers["y"].size)
    case.factors["sex"] = sex
    case.terms = ["x1", "x2", "i.edu##i.sex", "c.x1#c.x2", "i.sex#c.x1"]
    edu = case.factors["edu"]
    case.columns.append(sex.astype(float))
    case.columns += [((edu == level) & (sex == 1)).astype(float) for level in (2, 3, 4)]
    case.columns += [case.numbers["x1"] * case.numbers["x2"], sex * case.numbers["x1"]]
    return case


def group_constant() -> Case:
    case = two_level(6, 40, lambda r: int(r.integers(1, 9)), 0.7)
    z = np.random.default_rng(60).normal(size=40)[case.factors["g"]]
    case.numbers["z"] = z
    case.terms.append("z")
    case.columns.append(z)
    return case


def badly_scaled() -> Case:
    case = two_level(7, 30, lambda r: int(r.integers(3, 15)), 1.0)
    year = 1950.0 + np.random.default_rng(70).integers(0, 60, case.numbers["y"].size)
    income = 1e6 * np.random.default_rng(71).lognormal(size=year.size)
    case.numbers |= {"year": year, "income": income, "y": case.numbers["y"] * 1e4 + 3e5}
    case.terms += ["year", "income"]
    case.columns += [year, income]
    return case


def without_constant() -> Case:
    case = two_level(8, 20, lambda r: int(r.integers(3, 15)), 1.2)
    case.constant = False
    return case


def without_terms(case: Case) -> Case:
    case.terms, case.columns = [], []
    return case


def three_level_factor() -> Case:
    case = three_level(21, 0.9, 0.6)
    edu = np.random.default_rng(210).integers(1, 5, case.numbers["y"].size)
    case.factors["edu"] = edu
    case.terms = ["x1", "x2", "i.edu", "i.edu#c.x1"]
    dummies = [(edu == level).astype(float) for level in (2, 3, 4)]
    case.columns += [*dummies, *(dummy * case.numbers["x1"] for dummy in dummies)]
    return case


def three_level_noconstant() -> Case:
    case = three_level(22, 1.1, 0.8)
    case.constant = False
    return case


def interaction_noconstant() -> Case:
    case = with_interactions()
    case.constant = False
    case.terms = ["i.edu#i.sex", "x1", "x2"]  # combinations without a reference category in them
    edu, sex = case.factors["edu"], case.factors["sex"]
    dummies = [((edu == level) & (sex == 1)).astype(float) for level in (2, 3, 4)]
    case.columns = [*dummies, case.numbers["x1"], case.numbers["x2"]]
    return case


def large(seed: int, groups: int, rows: int, spread: float) -> Case:
    """Many rows in groups of very unequal size."""
    rng = np.random.default_rng(seed)
    share = rng.pareto(1.5, groups) + 0.1
    g = np.concatenate([np.arange(groups), rng.choice(groups, rows - groups, p=share / share.sum())])
    x1, x2 = rng.normal(size=rows), (rng.random(rows) < 0.3).astype(float)
    z = rng.normal(size=groups)[g]
    y = 2 + 0.5 * x1 - x2 + 0.1 * z + spread * rng.normal(size=groups)[g] + rng.normal(size=rows)
    return Case(["x1", "x2", "z"], {"x1": x1, "x2": x2, "z": z, "y": y}, {"g": g}, ("g",), columns=[x1, x2, z])


def tiny_beside_huge() -> Case:
    case = two_level(23, 30, lambda r: int(r.integers(3, 15)), 1.0)
    rng = np.random.default_rng(230)
    small, big = rng.normal(size=case.numbers["y"].size), rng.lognormal(size=case.numbers["y"].size)
    units = np.array([1.0, 1.0, 2.0**-20, 2.0**20])  # about 1e-6 and 1e6, and no rounding
    case.numbers |= {"small": small * units[2], "big": big * units[3]}
    case.terms += ["small", "big"]
    case.columns += [small, big]
    case.units = units
    return case


def means_of_1e8() -> Case:
    """Values on a grid of 2^-10, so that 1e8 more is exact."""
    case = two_level(24, 30, lambda r: int(r.integers(3, 15)), 1.0)
    on_grid = {name: np.round(values * 1024) / 1024 for name, values in case.numbers.items()}
    case.columns = [on_grid["x1"], on_grid["x2"]]
    case.outcome, case.shifted = on_grid["y"], True
    case.numbers = {name: values + 1e8 for name, values in on_grid.items()}
    return case


def two_valued_outcome() -> Case:
    case = two_level(25, 35, lambda r: int(r.integers(5, 40)), 1.0)
    case.numbers["y"] = (case.numbers["y"] > 2).astype(float)
    return case


def skewed_outcome() -> Case:
    case = three_level(42, 0.9, 0.7)
    case.numbers["y"] = np.exp(0.5 * case.numbers["y"]) * 1e4
    return case


def many_columns() -> Case:
    case = three_level(27, 0.7, 0.5)
    rng = np.random.default_rng(270)
    for j in range(15):
        x = rng.normal(size=case.numbers["y"].size) + 0.8 * case.numbers["x1"]
        case.numbers[f"w{j}"] = x
        case.terms.append(f"w{j}")
        case.columns.append(x)
    return case


CASES: dict[str, Callable[[], Case]] = {
    "balanced": lambda: two_level(1, 20, lambda r: 10, 1.0),
    "unbalanced": lambda: two_level(2, 30, lambda r: int(r.integers(1, 60)), 0.5),
    "small_variance": lambda: two_level(3, 40, lambda r: int(r.integers(5, 25)), 0.15),
    "high_icc": lambda: two_level(4, 25, lambda r: int(r.integers(2, 12)), 8.0),
    "mostly_singletons": lambda: two_level(14, 120, lambda r: 1 if r.random() < 0.6 else 4, 1.0),
    "few_groups": lambda: two_level(15, 4, lambda r: int(r.integers(20, 60)), 1.0),
    "factor": with_factor,
    "interactions": with_interactions,
    "group_constant_covariate": group_constant,
    "badly_scaled": badly_scaled,
    "noconstant": without_constant,
    "three_levels": lambda: three_level(9, 1.0, 0.7),
    "three_levels_reused_labels": lambda: three_level(10, 0.8, 1.2, reused=True),
    "three_levels_high_icc": lambda: three_level(11, 4.0, 3.0),
    "thirty_rows": lambda: two_level(20, 6, lambda r: 5, 1.0),
    "two_groups": lambda: two_level(28, 2, lambda r: 40, 2.0),
    "icc_0.97": lambda: two_level(29, 60, lambda r: int(r.integers(2, 30)), 5.7),
    "many_small_groups": lambda: two_level(30, 1500, lambda r: int(r.integers(1, 4)), 0.8),
    "without_terms": lambda: without_terms(two_level(31, 40, lambda r: int(r.integers(1, 20)), 0.6)),
    "tiny_beside_huge": tiny_beside_huge,
    "means_of_1e8": means_of_1e8,
    "two_valued_outcome": two_valued_outcome,
    "interaction_noconstant": interaction_noconstant,
    "ten_thousand_rows": lambda: large(32, 300, 10_000, 0.3),
    "hundred_thousand_rows": lambda: large(33, 120, 100_000, 0.5),
    "million_rows": lambda: large(36, 400, 1_000_000, 0.7),
    "three_levels_factor": three_level_factor,
    "three_levels_noconstant": three_level_noconstant,
    "three_levels_without_terms": lambda: without_terms(three_level(34, 0.9, 0.9)),
    "three_levels_small_variances": lambda: three_level(35, 0.3, 0.3),
    "three_levels_skewed_outcome": skewed_outcome,
    "three_levels_many_columns": many_columns,
}


def ours(case: Case, likelihood: Likelihood = "reml") -> MixedResult:
    """Our fit, from batches of uneven number."""
    model = spec("y", case.terms, case.constant)
    rows = max(100, case.numbers["y"].size // 7)
    moments = gathered(model, case.numbers, case.factors, case.groups, rows=rows)[0]
    return fit_mixed(moments, likelihood=likelihood)


def statsmodels_model(case: Case) -> MixedLM:
    """The model in statsmodels: groups the highest variable, a variance component for the lower one."""
    y = case.numbers["y"] if case.outcome is None else case.outcome
    top = case.factors[case.groups[0]]
    if len(case.groups) == 1:
        return MixedLM(y, case.exog, groups=top)
    frame = pd.DataFrame({"mid": case.factors["mid"], "top": top, "y": y})
    names = [f"c{j}" for j in range(case.exog.shape[1])]
    frame[names] = case.exog
    formula = "y ~ 0 + " + " + ".join(names)
    return MixedLM.from_formula(formula, frame, groups="top", re_formula="1", vc_formula={"mid": "0 + C(mid)"})


def statsmodels_at(case: Case, fit: MixedResult):
    """Statsmodels' fit, started at the ratios of ours: its own start and stopping rule do not reach the optimum."""
    model = statsmodels_model(case)
    start = MixedLMParams.from_components(
        fe_params=fit.coefficients * case.factor_units,
        cov_re=np.array([[fit.ratios[-1]]]),
        vcomp=fit.ratios[:-1] if len(case.groups) == 2 else np.empty(0),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about its own line search, at the optimum
        return model.fit(start_params=start, reml=fit.likelihood == "reml", method="bfgs", gtol=1e-9)
