"""What a command computed, before release: exact figures together with what the rules need to judge them.

Evidence is made in a session's worker process and travels only to the gate. Nothing here can be encoded for the wire.
`view` fields hold what the presenter needs from the script and the published metadata (options, labels); never data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grille.server.blocks import Block
from grille.server.errors import NumericError
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class UnitCount:
    """A number of distinct units and the sum modulo 2^64 of their record keys."""

    n: int
    key: int


@dataclass(frozen=True, slots=True)
class AnalysisSet:
    """The units that enter a released statistic.

    Attributes:
        bank: Bank name without version; sets of all versions of a bank are compared.
        unit_type: Unit type.
        units: Their number and cell key.
        sketch: Six uint64 words, the XOR of the units' sketch columns (disclosure/sketch.py).
        label: What the set is for, such as "regress" or "tabulate cell"; for the auditor. Holds no data.
    """

    bank: str
    unit_type: str
    units: UnitCount
    sketch: tuple[int, ...]
    label: str


@dataclass(frozen=True, slots=True)
class PublicEvidence:
    """Blocks made from the script and published metadata alone: help, variables, labels, text."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Touch:
    """How a condition of a preparation command took effect.

    Attributes:
        selected: Units that it selects.
        left: Units that it leaves.
        effect: What was done: a value of rules.condition.Effect. The gate decides anew and refuses what differs.
        what: Words for the condition in a remark, such as "The condition"; None: there is no remark.
    """

    selected: UnitCount
    left: UnitCount
    effect: str
    what: Text | None = None


@dataclass(frozen=True, slots=True)
class StatusEvidence:
    """The answer of a command that prepares data.

    Attributes:
        key: Stable key of the status block, such as "imported".
        text: Sentence with `{name}` placeholders for counts; all else is already filled in.
        counts: Counts by placeholder; shown noised.
        population: Units of the data set after the command, when the command can have changed them: must be large.
        touched: One per condition: of generate, replace, keep, drop, of each rule of recode, of what destring cannot
            read, of whom a join of import adds or removes.
    """

    key: str
    text: Text
    counts: dict[str, UnitCount]
    population: UnitCount | None = None
    touched: tuple[Touch, ...] = ()


@dataclass(frozen=True, slots=True)
class Axis:
    """A categorical dimension of a table.

    Attributes:
        variable: Variable name.
        title: Heading.
        codes: Category values in display order; None is the category of missing values.
        labels: One label per code; equals the code where there is none.
    """

    variable: str
    title: Text
    codes: tuple[str | float | None, ...]
    labels: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class CountEvidence:
    """Counts of units over the non-empty cells of a table, margins included.

    Attributes:
        analysis_set: All units of the table.
        axes: Dimensions.
        positions: int64 (cells, axes): index into the axis' codes, -1 for the margin over that axis.
        n: int64 (cells,): distinct units.
        keys: uint64 (cells,): cell keys.
        domain_cells: Number of possible cells, margins not counted.
        view: For the presenter.
    """

    analysis_set: AnalysisSet
    axes: tuple[Axis, ...]
    positions: NDArray[np.int64]
    n: NDArray[np.int64]
    keys: NDArray[np.uint64]
    domain_cells: int
    view: object = None


@dataclass(frozen=True, slots=True)
class MagnitudeVariable:
    """One numeric variable over the cells of MagnitudeEvidence; all arrays have shape (cells,) unless said otherwise.

    Attributes:
        name: Variable name.
        title: Heading.
        binary: Whether all its values are 0 and 1; its mean is then a share, on the count path: `ones` holds how many
            units have 1, with cell keys.
        n: Distinct units with a value.
        keys: Their cell keys.
        sketches: uint64 (cells, 6): their sketches.
        mean: Mean of the winsorised values.
        sd: Standard deviation of the winsorised values, n - 1; NaN when n < 2.
        total: Sum of the absolute winsorised values (for dominance).
        largest: Largest absolute winsorised value.
        second: Second largest.
        percentiles: By probability, smoothed percentiles (plan.OrderStatistics), shape (cells,).
        ones: int64, ones_keys: uint64, for binary variables only.
        limits: 1st and 99th smoothed percentile of the data set's population, and its number of units.
        gini: Gini coefficient of the winsorised values, when wanted.
        mean_only: Whether the values are figures of a model: nothing but n and mean may be shown.
    """

    name: str
    title: Text
    binary: bool
    n: NDArray[np.int64]
    keys: NDArray[np.uint64]
    sketches: NDArray[np.uint64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    total: NDArray[np.float64]
    largest: NDArray[np.float64]
    second: NDArray[np.float64]
    percentiles: dict[float, NDArray[np.float64]]
    ones: NDArray[np.int64] | None
    ones_keys: NDArray[np.uint64] | None
    limits: tuple[float, float, int]
    gini: NDArray[np.float64] | None = None
    mean_only: bool = False


@dataclass(frozen=True, slots=True)
class MagnitudeEvidence:
    """Statistics of numeric variables over the non-empty cells of a table, margins included.

    Used by summarize (one cell), tabulate with summarize(), boxplot. `analysis_set` has all units with a value in at
    least one of the variables; `axes`, `positions`, `domain_cells` as in CountEvidence. With no axes, positions has
    shape (1, 0). `sums` tells that sums are shown.
    """

    analysis_set: AnalysisSet
    axes: tuple[Axis, ...]
    positions: NDArray[np.int64]
    variables: tuple[MagnitudeVariable, ...]
    domain_cells: int
    view: object = None
    sums: bool = False


@dataclass(frozen=True, slots=True)
class HistogramEvidence:
    """Counts of units over the bins of a numeric variable, by group.

    Attributes:
        analysis_set: All units with a value.
        variable: Name and title of the variable.
        group: The categories; None for one group.
        edges: float64 (bins + 1,) from rules/histogram.py, or the values themselves, (bins,), when discrete.
        discrete: Whether every bin is one value.
        n: int64 (groups, bins): distinct units; values beyond the outer edges are in the outer bins.
        keys: uint64 (groups, bins): cell keys.
        population: Units of the whole data set with a value (the winsor limits' support).
        view: For the presenter.
    """

    analysis_set: AnalysisSet
    variable: tuple[str, Text]
    group: Axis | None
    edges: NDArray[np.float64]
    discrete: bool
    n: NDArray[np.int64]
    keys: NDArray[np.uint64]
    population: int
    view: object = None


class FigureKind(StrEnum):
    """What a column of a FigureTable holds, and so how the gate treats it."""

    LABEL = "label"  # str or Text; from the script or published metadata
    ESTIMATE = "estimate"  # float: rounded to the policy's digits for models
    P_VALUE = "p_value"  # float: three decimals, floored
    DEGREES = "degrees"  # int that does not depend on the number of units
    RESIDUAL_DEGREES = "residual_degrees"  # int: replaced by noised n minus (n - value)
    COUNT = "count"  # UnitCount: noised
    # figures that with others would give the exact number of units: recomputed for the noised number
    ADJUSTED_R2 = "adjusted_r2"  # float
    F_STATISTIC = "f_statistic"  # float: proportional to the residual degrees of freedom
    RESIDUAL_SCALE = "residual_scale"  # float: root of a PER_UNIT figure over the residual degrees of freedom
    MEAN_SIZE = "mean_size"  # float: units per group
    PER_UNIT = "per_unit"  # float: proportional to the number of units
    MEAN_ERROR = "mean_error"  # float, added to `centre`: falls with the root of units, as a standard error does
    MEAN_T = "mean_t"  # float: an estimate over such an error
    GROUPS = "groups"  # UnitCount of groups: exact when every group is large or the code list is public, else noised


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a model: a value of one of the kinds; None is not available. `label` is shown in its place.

    `group` is the number of the FigureSet that the figure stands or falls with, where there are several. `centre` is
    added to a value of the kind MEAN_ERROR, for the limits of an interval.
    """

    kind: FigureKind
    value: float | int | str | UnitCount | None
    boundary: bool = False
    label: Text | None = None
    group: int | None = None
    centre: float = 0.0


@dataclass(frozen=True, slots=True)
class TableNeeds:
    """What must hold for a table of a model to be shown, beyond what holds for the model.

    Attributes:
        leverage: Largest of one unit, in a design that the table tests but does not show; None asks nothing.
        weight: (total, largest part of a unit, second largest) of the sum behind the table; None asks nothing.
        cells: The units that each of its rows is about; rows about few are left out. Empty: about all.
        constant: Whether it gives the constant term away.
    """

    leverage: float | None = None
    weight: tuple[float, float, float] | None = None
    cells: tuple[UnitCount, ...] = ()
    constant: bool = False


@dataclass(frozen=True, slots=True)
class FigureTable:
    """A table of figures: key, title, columns (key, heading), rows of figures, and what must hold to show it."""

    key: str
    title: Text
    columns: tuple[tuple[str, Text], ...]
    rows: tuple[tuple[Figure, ...], ...]
    needs: TableNeeds | None = None


@dataclass(frozen=True, slots=True)
class DesignColumn:
    """What the rules need to know of one column of a model's design.

    Attributes:
        term: Its name.
        rarer_units: Units whose value differs from the most common value.
        rarer_groups: For a column that is constant within the groups of a level: the number of groups whose value
            differs from the most common one, and the units of the smallest group among them; else None.
        constant: Whether it is the constant term.
    """

    term: str
    rarer_units: int
    rarer_groups: tuple[int, int] | None = None
    constant: bool = False


@dataclass(frozen=True, slots=True)
class GroupLevel:
    """One group level of a multilevel model, highest first."""

    variable: str
    n_groups: int
    smallest: UnitCount
    largest: UnitCount
    public: bool


@dataclass(frozen=True, slots=True)
class ModelEvidence:
    """A fitted model: its figures, and what the model gate judges.

    Attributes:
        command: Command name.
        analysis_set: Units in the estimation.
        parameters: Columns of the design, constant included, plus variance parameters.
        residual_df: n minus columns.
        r2: Share of the outcome's variance that the regressors account for (marginal, for multilevel models).
        columns: One per design column.
        leverage: (largest leverage of one unit, of the three largest together), or proven upper bounds of both.
        outcome_rarer_units: Units whose outcome differs from the most common one.
        smallest_combination: Units in the smallest non-empty combination of the categorical regressors; None when
            there are none.
        groups: Levels of a multilevel model.
        icc: Largest cumulative intraclass correlation; None for single-level models.
        tables: The figures. The constant's row in "coefficients" has the label `_cons`.
        notices: Remarks (key, text) that depend on no data value beyond what the figures show.
        lineage_violation: True when the outcome is derived from a regressor or the other way round.
        weights: Sums behind figures that single units, or small clusters, must not make up: (total, largest part,
            largest other part) of each.
        view: For the presenter.
        parts: Sets of units that figures of the model are about one by one, such as groups whose means are compared.
    """

    command: str
    analysis_set: AnalysisSet
    parameters: int
    residual_df: int
    r2: float
    columns: tuple[DesignColumn, ...]
    leverage: tuple[float, float]
    outcome_rarer_units: int
    smallest_combination: int | None
    groups: tuple[GroupLevel, ...]
    icc: float | None
    tables: tuple[FigureTable, ...]
    notices: tuple[tuple[str, Text], ...] = ()
    lineage_violation: bool = False
    weights: tuple[tuple[float, float, float], ...] = ()
    view: object = field(default=None)
    parts: tuple[AnalysisSet, ...] = ()


@dataclass(frozen=True, slots=True)
class FigureSet:
    """Figures that are shown or withheld together, and what the rules ask of them.

    Attributes:
        analysis_set: The units that enter.
        parameters: Numbers that are estimated from them together.
        rarer_units: Units that differ from the most common value, of the variable with the fewest.
        leverage: Of one unit and of three together, or proven upper bounds of both.
        r2: Share of the variance of one variable that another accounts for; 0 for figures of one variable.
        parts: Units of one value of a variable with two values, which the figures describe too.
        counts: The cells that figures of variables with two values can be solved for.
    """

    analysis_set: AnalysisSet
    parameters: int
    rarer_units: int
    leverage: tuple[float, float]
    r2: float = 0.0
    parts: tuple[AnalysisSet, ...] = ()
    counts: tuple[UnitCount, ...] = ()


@dataclass(frozen=True, slots=True)
class FigureSetsEvidence:
    """Statistics over several sets of units, each judged by itself: correlations, tests of normality.

    Attributes:
        command: Command name.
        analysis_set: All units with a value in at least one of the variables.
        sets: The sets; figures of the tables name theirs by its number, figures without one hold no data.
        tables: The figures, those that depend on a number of units computed for the number that is shown.
        applied: Keys of the rules that the figures were computed under, such as winsorising.
        notices: As in ModelEvidence.
    """

    command: str
    analysis_set: AnalysisSet
    sets: tuple[FigureSet, ...]
    tables: tuple[FigureTable, ...]
    applied: tuple[str, ...] = ()
    notices: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True, slots=True)
class NoAnswerEvidence:
    """A model without an answer. Why is told only for a set that is large enough; a small one looks like any other."""

    analysis_set: AnalysisSet
    error: NumericError


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Highest sensitivity level of the register variables behind a result; `open` needs PUBLIC throughout."""

    level: Literal["PUBLIC", "NONPUBLIC", "PERSON_GENERAL", "PERSON_SPECIAL"]


SetEvidence = (
    CountEvidence | HistogramEvidence | MagnitudeEvidence | ModelEvidence | FigureSetsEvidence | NoAnswerEvidence
)
"""Evidence that has an analysis set."""

Evidence = PublicEvidence | StatusEvidence | SetEvidence
