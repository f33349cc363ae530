"""What each number of a policy may be at all, and where its value comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

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
    """

    low: float
    high: float
    source: str


NUMBERS: Mapping[str, NumberSpec] = MappingProxyType(
    {
        "population_min": NumberSpec(100, _LARGE, f"{_MEASURES}: minimum population"),
        "model_min": NumberSpec(20, _LARGE, f"{_MEASURES}: regression"),
        "residual_df_min": NumberSpec(3, _LARGE, f"{_CHECKING}: 10 degrees of freedom"),
        "units_per_parameter_min": NumberSpec(2, _LARGE, _DATASHIELD),
        "cell_min": NumberSpec(3, _LARGE, f"{_CHECKING}: 10 units"),
        "sparse_below": NumberSpec(3, _LARGE, f"{_MEASURES}: sparse tables"),
        "sparse_share_max": NumberSpec(0.0, 0.8, f"{_MEASURES}: sparse tables"),
        "table_cells_max": NumberSpec(1, 100_000, f"{_MEASURES}: sparse tables"),
        "table_dimensions_max": NumberSpec(1, 6, f"{_MEASURES}: sparse tables"),
        "dominance_one_max": NumberSpec(0.01, 0.8, "ABS DataLab, clearance rules (1,50) and (2,67)"),
        "dominance_two_max": NumberSpec(0.02, 0.9, "ABS DataLab, clearance rules (1,50) and (2,67)"),
        "tail_min": NumberSpec(3, _LARGE, f"{_CHECKING}: percentiles"),
        "condition_min": NumberSpec(3, _LARGE, f"{_CHECKING}: 10 units"),
        "column_min": NumberSpec(3, _LARGE, f"{_DATASHIELD}; {_CHECKING}: regressions"),
        "leverage_one_max": NumberSpec(
            0.001, 0.5, "Bleninger, Drechsler and Ronning (2011), Remote data access and the risk of disclosure"
        ),
        "leverage_three_max": NumberSpec(
            0.003, 0.8, "Bleninger, Drechsler and Ronning (2011), Remote data access and the risk of disclosure"
        ),
        "r2_max": NumberSpec(0.1, 0.999, f"{_CHECKING}: saturated models"),
        "constant_min": NumberSpec(3, _LARGE, f"{_MEASURES}: regression"),
        "groups_min": NumberSpec(3, _LARGE, f"{_CHECKING}: 10 units, for groups"),
        "group_units_min": NumberSpec(3, _LARGE, f"{_CHECKING}: 10 units, for groups"),
        "groups_few": NumberSpec(2, _LARGE, "Maas and Hox (2005), Sufficient sample sizes for multilevel modeling"),
        "icc_max": NumberSpec(0.1, 0.999, f"{_CHECKING}: saturated models"),
        "difference_min": NumberSpec(3, 12, f"{_CHECKING}: 10 units, for differences of two sets"),
        "pair_window": NumberSpec(8, 4096, "Denning, Denning and Schwartz (1979), The tracker"),
        "partitions_max": NumberSpec(1, 300, "Dinur and Nissim (2003): noise that can be averaged"),
        "bins_max": NumberSpec(2, 100, f"{_MEASURES}: histograms"),
        "percentile_digits": NumberSpec(1, 5, f"{_CHECKING}: percentiles"),
        "number_digits": NumberSpec(1, 8, f"{_CHECKING}; Dinur and Nissim (2003)"),
        "model_digits": NumberSpec(1, 8, f"{_CHECKING}; Dinur and Nissim (2003)"),
        "p_value_decimals": NumberSpec(1, 6, f"{_CHECKING}: regressions"),
        "count_base": NumberSpec(1, 100, f"{_HANDBOOK}, 5.4.2: rounding"),
        "reply_step_ms": NumberSpec(0, 60_000, "Haeberlen, Pierce and Narayan (2011), Differential privacy under fire"),
    }
)

ANY_NUMBER = NumberSpec(1e-9, _LARGE, _HANDBOOK)
"""For a number that is not in NUMBERS."""
