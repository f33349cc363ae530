"""Rule: a model has many more units than parameters."""

from __future__ import annotations

from grille.server.disclosure.policy import Policy


def model_is_supported(units: int, parameters: int, residual_df: int, policy: Policy) -> bool:
    """Say whether a model has enough units.

    Risk: a model of few units, or with nearly as many parameters as units, repeats their values.
    Rule: units >= model_min, residual degrees of freedom >= residual_df_min, units / parameters >=
    units_per_parameter_min.
    Numbers: standard 100, 10 and 10.
    Source: ESSnet/DwB guidelines for output checking: 10 degrees of freedom; DataSHIELD nfilter.glm.
    """
    return (
        units >= policy.model_min
        and residual_df >= policy.residual_df_min
        and units >= policy.units_per_parameter_min * parameters
    )
