"""Rule: a model has many more units than parameters."""

from __future__ import annotations

from grille.server.disclosure.evidence import UnitCount
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.rules.condition import is_few


def model_is_supported(units: UnitCount, parameters: int, residual_df: int, policy: Policy) -> bool:
    """Say whether a model has enough units.

    Risk: a model of few units, or with nearly as many parameters as units, repeats their values.
    Rule: a noised number of units >= model_min + 5, so never fewer than model_min units, residual degrees of freedom
    >= residual_df_min, units / parameters >= units_per_parameter_min.
    Numbers: standard 100, 10 and 10.
    Source: ESSnet/DwB guidelines for output checking: 10 degrees of freedom; DataSHIELD nfilter.glm.
    """
    return (
        not is_few(units, policy.model_min)
        and residual_df >= policy.residual_df_min
        and units.n >= policy.units_per_parameter_min * parameters
    )
