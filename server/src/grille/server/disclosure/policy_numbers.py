"""What each number of a policy may be at all, and where its value comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from grille.server.text import Text

_LARGE = 1_000_000_000
_CHECKING = "ESSnet/DwB, Guidelines for the checking of output based on microdata research (2015)"
_MEASURES = "microdata.no, measures for disclosure control"
_HANDBOOK = "Handbook on Statistical Disclosure Control"
_DATASHIELD = "DataSHIELD, nfilter.tab and nfilter.glm"


@dataclass(frozen=True, slots=True)
class NumberSpec:
    """A number of a policy: the range in which it may lie whoever signs it, ends included, and the source of its value.

    Attributes:
        low: Least value.
        high: Largest value.
        source: Publication or reason.
        meaning: What it is.
    """

    low: float
    high: float
    source: str
    meaning: Text


NUMBERS: Mapping[str, NumberSpec] = MappingProxyType(
    {
        "population_min": NumberSpec(
            100,
            _LARGE,
            f"{_MEASURES}: minimum population",
            Text("Units of a data set.", "Enheter i et datasett."),
        ),
        "model_min": NumberSpec(
            20,
            _LARGE,
            f"{_MEASURES}: regression",
            Text("Units of a model.", "Enheter i en modell."),
        ),
        "residual_df_min": NumberSpec(
            3,
            _LARGE,
            f"{_CHECKING}: 10 degrees of freedom",
            Text("Residual degrees of freedom of a model.", "Frihetsgrader igjen i en modell."),
        ),
        "units_per_parameter_min": NumberSpec(
            2,
            _LARGE,
            _DATASHIELD,
            Text("Units of a model per parameter.", "Enheter i en modell per parameter."),
        ),
        "cell_min": NumberSpec(
            3,
            _LARGE,
            f"{_CHECKING}: 10 units",
            Text(
                "Units of a cell, exact for means and percentiles, noised for all.",
                "Enheter i en celle, eksakt for gjennomsnitt og persentiler, med støy for alle.",
            ),
        ),
        "sparse_below": NumberSpec(
            3,
            _LARGE,
            f"{_MEASURES}: sparse tables",
            Text(
                "Units under which a non-empty cell counts as small.",
                "Enheter som en ikke-tom celle må ha for ikke å regnes som liten.",
            ),
        ),
        "sparse_share_max": NumberSpec(
            0.0,
            0.8,
            f"{_MEASURES}: sparse tables",
            Text("Share of small cells among the non-empty ones.", "Andel små celler blant de ikke-tomme."),
        ),
        "table_cells_max": NumberSpec(
            1,
            100_000,
            f"{_MEASURES}: sparse tables",
            Text("Non-empty cells of a table.", "Ikke-tomme celler i en tabell."),
        ),
        "table_dimensions_max": NumberSpec(
            1,
            6,
            f"{_MEASURES}: sparse tables",
            Text("Dimensions of a table.", "Dimensjoner i en tabell."),
        ),
        "dominance_one_max": NumberSpec(
            0.01,
            0.8,
            "ABS DataLab, clearance rules (1,50) and (2,67)",
            Text("Share of the largest unit in a sum.", "Den største enhetens andel av en sum."),
        ),
        "dominance_two_max": NumberSpec(
            0.02,
            0.9,
            "ABS DataLab, clearance rules (1,50) and (2,67)",
            Text("Share of the two largest units.", "De to største enhetenes andel."),
        ),
        "tail_min": NumberSpec(
            3,
            _LARGE,
            f"{_CHECKING}: percentiles",
            Text("Units beyond a percentile.", "Enheter utenfor en persentil."),
        ),
        "condition_min": NumberSpec(
            3,
            _LARGE,
            f"{_CHECKING}: 10 units",
            Text(
                "Units that a condition selects, and that it leaves.",
                "Enheter som en betingelse velger, og som den utelater.",
            ),
        ),
        "column_min": NumberSpec(
            3,
            _LARGE,
            f"{_DATASHIELD}; {_CHECKING}: regressions",
            Text(
                "Units on the rarer side of a design column or outcome.",
                "Enheter på den sjeldneste siden av en designkolonne eller et utfall.",
            ),
        ),
        "leverage_one_max": NumberSpec(
            0.001,
            0.5,
            "Bleninger, Drechsler and Ronning (2011), Remote data access and the risk of disclosure",
            Text("Leverage of one unit.", "Én enhets innflytelse."),
        ),
        "leverage_three_max": NumberSpec(
            0.003,
            0.8,
            "Bleninger, Drechsler and Ronning (2011), Remote data access and the risk of disclosure",
            Text("Leverage of three units together.", "Tre enheters samlede innflytelse."),
        ),
        "r2_max": NumberSpec(
            0.1,
            0.999,
            f"{_CHECKING}: saturated models",
            Text(
                "Share of the outcome's variance that the regressors account for.",
                "Andel av utfallets varians som forklaringsvariablene gjør rede for.",
            ),
        ),
        "constant_min": NumberSpec(
            3,
            _LARGE,
            f"{_MEASURES}: regression",
            Text(
                "Units of the smallest combination of categorical regressors for the constant to be shown.",
                "Enheter i den minste kombinasjonen av kategoriske forklaringsvariabler for at konstantleddet vises.",
            ),
        ),
        "groups_min": NumberSpec(
            3,
            _LARGE,
            f"{_CHECKING}: 10 units, for groups",
            Text(
                "Groups on the rarer side of a group-level design column.",
                "Grupper på den sjeldneste siden av en designkolonne på gruppenivå.",
            ),
        ),
        "group_units_min": NumberSpec(
            3,
            _LARGE,
            f"{_CHECKING}: 10 units, for groups",
            Text(
                "Units per group on that side, when there are fewer groups.",
                "Enheter per gruppe på den siden, når det er færre grupper.",
            ),
        ),
        "groups_few": NumberSpec(
            2,
            _LARGE,
            "Maas and Hox (2005), Sufficient sample sizes for multilevel modeling",
            Text(
                "Number of groups below which a multilevel model gets a remark.",
                "Antall grupper som en flernivåmodell må ha for ikke å få en merknad.",
            ),
        ),
        "icc_max": NumberSpec(
            0.1,
            0.999,
            f"{_CHECKING}: saturated models",
            Text("Intraclass correlation.", "Intraklassekorrelasjon."),
        ),
        "difference_min": NumberSpec(
            3,
            12,
            f"{_CHECKING}: 10 units, for differences of two sets",
            Text(
                "Units in which two released sets that are not equal must differ.",
                "Enheter som to utleverte, ulike mengder må skille seg med.",
            ),
        ),
        "pair_window": NumberSpec(
            8,
            4096,
            "Denning, Denning and Schwartz (1979), The tracker",
            Text(
                "Latest released sets whose pairs a new set is compared with.",
                "Siste utleverte mengder hvis par en ny mengde sammenlignes med.",
            ),
        ),
        "partitions_max": NumberSpec(
            1,
            300,
            "Dinur and Nissim (2003): noise that can be averaged",
            Text(
                "Different tables over one set of units, for ever; their noise could be averaged.",
                "Ulike tabeller over én mengde enheter, for alltid; støyen kunne ellers jevnes ut.",
            ),
        ),
        "bins_max": NumberSpec(
            2,
            100,
            f"{_MEASURES}: histograms",
            Text("Bins of a histogram.", "Stolper i et histogram."),
        ),
        "percentile_digits": NumberSpec(
            1,
            5,
            f"{_CHECKING}: percentiles",
            Text("Significant digits of percentiles.", "Gjeldende siffer i persentiler."),
        ),
        "number_digits": NumberSpec(
            1,
            8,
            f"{_CHECKING}; Dinur and Nissim (2003)",
            Text(
                "Significant digits of means, standard deviations and sums.",
                "Gjeldende siffer i gjennomsnitt, standardavvik og summer.",
            ),
        ),
        "model_digits": NumberSpec(
            1,
            8,
            f"{_CHECKING}; Dinur and Nissim (2003)",
            Text("Significant digits of the figures of a model.", "Gjeldende siffer i en modells tall."),
        ),
        "p_value_decimals": NumberSpec(
            1,
            6,
            f"{_CHECKING}: regressions",
            Text(
                "Decimals of p-values; the smallest one shown is one unit of the last.",
                "Desimaler i p-verdier; den minste som vises, er én enhet på siste plass.",
            ),
        ),
        "count_base": NumberSpec(
            1,
            100,
            f"{_HANDBOOK}, 5.4.2: rounding",
            Text("Noised counts are rounded to multiples of this.", "Antall med støy avrundes til multipler av dette."),
        ),
        "reply_step_ms": NumberSpec(
            0,
            60_000,
            "Haeberlen, Pierce and Narayan (2011), Differential privacy under fire",
            Text(
                "A reply leaves this long after the command, or twice, four times ... as long; 0: when it is done.",
                "Et svar går så lenge etter kommandoen, eller to, fire ... ganger så lenge; 0: når det er ferdig.",
            ),
        ),
    }
)

ANY_NUMBER = NumberSpec(1e-9, _LARGE, _HANDBOOK, Text("Another number.", "Et annet tall."))
"""For a number that is not in NUMBERS."""
