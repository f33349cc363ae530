"""Rule: a model does not reproduce its outcome."""

from __future__ import annotations

from grille.server.disclosure.policy import Policy


def fit_is_imperfect(r2: float, lineage_violation: bool, policy: Policy) -> bool:
    """Say whether the regressors leave enough of the outcome unexplained.

    Risk: a saturated model, or one whose outcome is computed from a regressor, gives outcomes back through its
    coefficients.
    Rule: R2 <= r2_max (NaN counts as too large), and the outcome is not a function of the regressors.
    Numbers: standard 0.99.
    Source: ESSnet/DwB guidelines for output checking: saturated models.
    """
    return r2 <= policy.r2_max and not lineage_violation
