"""Units with record keys and sketches in memory, and evidence about sets of them computed by brute force."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from grille.server.disclosure.evidence import (
    AnalysisSet,
    Axis,
    CountEvidence,
    DesignColumn,
    Figure,
    FigureKind,
    FigureTable,
    MagnitudeEvidence,
    MagnitudeVariable,
    ModelEvidence,
    UnitCount,
)
from grille.server.disclosure.sketch import record_keys, sketch_columns, unit_elements
from grille.server.text import same

SECRET = b"a secret of thirty-two bytes ...."
Bools = NDArray[np.bool_]


class Units:
    """Units 0 ... n - 1 of one bank."""

    def __init__(self, n: int, secret: bytes = SECRET) -> None:
        numbers = np.arange(n, dtype=np.uint32)
        self.n = n
        self.keys = record_keys(numbers, secret)
        self.sketches = sketch_columns(unit_elements(numbers, secret))

    def mask(self, members: ArrayLike) -> Bools:
        """Return a mask from a mask or from unit numbers."""
        given = np.asarray(members)
        if given.dtype == np.bool_:
            return given
        mask = np.zeros(self.n, dtype=np.bool_)
        mask[given.astype(np.int64)] = True
        return mask

    def count(self, members: ArrayLike) -> UnitCount:
        mask = self.mask(members)
        return UnitCount(int(mask.sum()), int(np.add.reduce(self.keys[mask], dtype=np.uint64)))

    def sketch(self, members: ArrayLike) -> NDArray[np.uint64]:
        return np.bitwise_xor.reduce(self.sketches[self.mask(members)], axis=0)

    def set(self, members: ArrayLike, *, bank: str = "no.test", unit_type: str = "PERSON") -> AnalysisSet:
        words = tuple(int(word) for word in self.sketch(members))
        return AnalysisSet(bank, unit_type, self.count(members), words, "test")

    def cells(
        self, codes: Sequence[NDArray[np.int64]], members: ArrayLike, margins: bool = True
    ) -> tuple[NDArray[np.int64], list[Bools]]:
        """Return positions and members of the non-empty cells of a table over `codes`, with or without margins."""
        selected = self.mask(members)
        if not codes:
            return np.empty((1, 0), dtype=np.int64), [selected]
        levels = [[*range(int(code.max()) + 1), *([-1] if margins else [])] for code in codes]
        grid = np.stack(np.meshgrid(*levels, indexing="ij"), axis=-1).reshape(-1, len(codes))
        positions, masks = [], []
        for place in grid:
            mask = selected.copy()
            for code, level in zip(codes, place, strict=True):
                if level >= 0:
                    mask &= code == level
            if mask.any():
                positions.append(place)
                masks.append(mask)
        return np.array(positions, dtype=np.int64).reshape(-1, len(codes)), masks

    def counts(self, codes: Sequence[NDArray[np.int64]], members: ArrayLike | None = None) -> CountEvidence:
        """Return the evidence of a table of counts; all units without `members`."""
        chosen = np.ones(self.n, dtype=np.bool_) if members is None else self.mask(members)
        positions, masks = self.cells(codes, chosen)
        return CountEvidence(
            analysis_set=self.set(chosen),
            axes=axes_of(codes),
            positions=positions,
            n=np.array([mask.sum() for mask in masks], dtype=np.int64),
            keys=np.array([self.count(mask).key for mask in masks], dtype=np.uint64),
            domain_cells=len(masks),
        )

    def magnitudes(
        self,
        values: dict[str, NDArray[np.float64]],
        codes: Sequence[NDArray[np.int64]] = (),
        members: ArrayLike | None = None,
        *,
        margins: bool = True,
        probabilities: tuple[float, ...] = (0.5,),
        gini: bool = False,
        sums: bool = False,
    ) -> MagnitudeEvidence:
        """Return the evidence of statistics over cells; values that are NaN are missing."""
        chosen = np.ones(self.n, dtype=np.bool_) if members is None else self.mask(members)
        positions, masks = self.cells(codes, chosen, margins)
        present = np.any([~np.isnan(column) for column in values.values()], axis=0)
        return MagnitudeEvidence(
            analysis_set=self.set(chosen & present),
            axes=axes_of(codes),
            positions=positions,
            variables=tuple(
                self._variable(name, column, masks, probabilities, gini) for name, column in values.items()
            ),
            domain_cells=len(masks),
            sums=sums,
        )

    def _variable(
        self,
        name: str,
        values: NDArray[np.float64],
        masks: list[Bools],
        probabilities: tuple[float, ...],
        gini: bool,
    ) -> MagnitudeVariable:
        known = values[~np.isnan(values)]
        binary = bool(np.isin(known, (0.0, 1.0)).all())
        low, high = (smoothed(known, q) for q in (0.01, 0.99)) if known.size else (np.nan, np.nan)
        cut = values if binary else np.clip(values, low, high)
        groups = [mask & ~np.isnan(values) for mask in masks]
        sorted_abs = [np.sort(np.abs(cut[group]))[::-1] for group in groups]
        ones = [group & (values == 1.0) for group in groups]
        return MagnitudeVariable(
            name=name,
            title=same(name),
            binary=binary,
            n=np.array([group.sum() for group in groups], dtype=np.int64),
            keys=np.array([self.count(group).key for group in groups], dtype=np.uint64),
            sketches=np.array([self.sketch(group) for group in groups], dtype=np.uint64).reshape(-1, 6),
            mean=np.array([cut[group].mean() if group.any() else np.nan for group in groups]),
            sd=np.array([cut[group].std(ddof=1) if group.sum() > 1 else np.nan for group in groups]),
            total=np.array([some.sum() for some in sorted_abs]),
            largest=np.array([some[0] if some.size else np.nan for some in sorted_abs]),
            second=np.array([some[1] if some.size > 1 else np.nan for some in sorted_abs]),
            percentiles={q: np.array([smoothed(values[group], q) for group in groups]) for q in probabilities},
            ones=np.array([one.sum() for one in ones], dtype=np.int64) if binary else None,
            ones_keys=np.array([self.count(one).key for one in ones], dtype=np.uint64) if binary else None,
            limits=(float(low), float(high), int(known.size)),
            gini=np.array([gini_of(cut[group]) for group in groups]) if gini else None,
        )

    def model(self, members: ArrayLike, **changes: object) -> ModelEvidence:
        """Return the evidence of a model that every rule lets pass, on some units, with changes."""
        analysis_set = self.set(members)
        n = analysis_set.units.n
        content: dict[str, object] = {
            "command": "regress",
            "analysis_set": analysis_set,
            "parameters": 3,
            "residual_df": n - 3,
            "r2": 0.4,
            "columns": (
                DesignColumn("x", n // 2),
                DesignColumn("d", n // 3),
                DesignColumn("_cons", 0, constant=True),
            ),
            "leverage": (0.01, 0.03),
            "outcome_rarer_units": n - 1,
            "smallest_combination": None,
            "groups": (),
            "icc": None,
            "tables": (
                FigureTable(
                    "model",
                    same("Model"),
                    (("statistic", same("Statistic")), ("value", same("Value"))),
                    (
                        (Figure(FigureKind.LABEL, "n_obs"), Figure(FigureKind.COUNT, analysis_set.units)),
                        (Figure(FigureKind.LABEL, "df_resid"), Figure(FigureKind.RESIDUAL_DEGREES, n - 3)),
                    ),
                ),
                FigureTable(
                    "coefficients",
                    same("Coefficients"),
                    (("term", same("Term")), ("estimate", same("Estimate")), ("p_value", same("p"))),
                    (
                        (
                            Figure(FigureKind.LABEL, "x"),
                            Figure(FigureKind.ESTIMATE, 1234.56789),
                            Figure(FigureKind.P_VALUE, 0.04567),
                        ),
                        (
                            Figure(FigureKind.LABEL, "_cons"),
                            Figure(FigureKind.ESTIMATE, -0.000123456789),
                            Figure(FigureKind.P_VALUE, 1e-9),
                        ),
                    ),
                ),
            ),
        }
        return ModelEvidence(**{**content, **changes})  # type: ignore[arg-type]


def axes_of(codes: Sequence[NDArray[np.int64]]) -> tuple[Axis, ...]:
    """Return one axis per array of codes 0 ... k."""
    return tuple(
        Axis(
            f"v{number}",
            same(f"v{number}"),
            tuple(map(str, range(top + 1))),
            tuple(map(same, map(str, range(top + 1)))),
        )
        for number, top in enumerate(int(code.max()) for code in codes)
    )


def smoothed(values: NDArray[np.float64], q: float, window: int = 5) -> float:
    """Return the mean of the nearest order statistics on each side of a percentile."""
    ordered = np.sort(values[~np.isnan(values)])
    if not ordered.size:
        return float("nan")
    place = int(np.floor(q * (ordered.size - 1)))
    return float(ordered[max(place - window + 1, 0) : place + window + 1].mean())


def gini_of(values: NDArray[np.float64]) -> float:
    """Return the Gini coefficient from ranks."""
    if not values.size or values.sum() == 0:
        return float("nan")
    n = values.size
    return float(2 * (np.arange(1, n + 1) * np.sort(values)).sum() / (n * values.sum()) - (n + 1) / n)
