"""A least-squares fit of a data set's rows, and what the gate asks of it: shared by regress and regress-predict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grille.server.commands.base import Workspace
from grille.server.commands.beside import beside
from grille.server.commands.facts import reference
from grille.server.commands.gathering import gather, recall
from grille.server.commands.model_tables import dropped_notice, term_labels
from grille.server.commands.models import (
    Model,
    Reading,
    design_columns,
    expect_combinations,
    outcome_weight,
    smallest_combination,
)
from grille.server.commands.preparation import COUNT_MEASURES
from grille.server.commands.sets import analysis_set
from grille.server.disclosure.evidence import AnalysisSet, ModelEvidence, UnitCount
from grille.server.disclosure.rules.condition import is_few
from grille.server.engines.base import Frame
from grille.server.plan.aggregates import Aggregation
from grille.server.statistics.leverage import design_leverage
from grille.server.statistics.moments import Moments
from grille.server.statistics.ols import ClusterVariable, Covariance, OlsResult, fit_ols
from grille.server.statistics.refusals import too_few_clusters


@dataclass(frozen=True, slots=True)
class Estimated:
    """The rows as read, their moments, the fit, and its evidence without tables."""

    reading: Reading
    moments: Moments
    fit: OlsResult
    evidence: ModelEvidence


def estimate(
    command: str,
    model: Model,
    workspace: Workspace,
    entered: Frame,
    covariance: Covariance = "classical",
    cluster: str | None = None,
) -> Estimated:
    """Fit in one pass, more for robust errors; raises NumericError as fit_ols.

    Args:
        command: Command name, for the ledger.
        model: The model.
        workspace: Of the command.
        entered: Rows that enter the estimation.
        covariance: Kind of the standard errors.
        cluster: Cluster variable, one of the model's others.
    """
    engine = workspace.engine

    def count() -> AnalysisSet:
        expect_combinations(workspace, entered, model)
        return analysis_set(engine, entered, command, None, ())

    known = recall(workspace, entered, model)
    with beside(count, at_once=known is not None) as counted:
        reading, moments = known or gather(workspace, entered, model)
    workspace.progress("fitting")
    clusters = None
    if cluster is not None:
        check_clusters(workspace, entered, model, cluster)
        clusters = ClusterVariable(cluster, len(reading.levels.levels[cluster]), workspace.policy.cell_min)
    fit = fit_ols(moments, model.level, covariance, reading.passes, clusters)
    workspace.progress("checking")
    units = counted()
    leverage = design_leverage(moments, fit.scaling, reading.passes)
    evidence = ModelEvidence(
        command=command,
        analysis_set=units,
        parameters=len(fit.terms),
        residual_df=fit.df_resid,
        r2=fit.r2,
        columns=design_columns(moments, fit.scaling),
        leverage=(leverage.largest, leverage.three_largest),
        outcome_rarer_units=moments.outcome_rarer_units,
        smallest_combination=smallest_combination(workspace, entered, model, moments),
        groups=(),
        icc=None,
        tables=(),
        notices=dropped_notice(fit.dropped, term_labels(model, reading), reading.design, moments),
        lineage_violation=model.lineage_violation,
        weights=(
            outcome_weight(workspace, entered, model.outcome),
            *((one.total, one.largest, one.second) for one in fit.weights),
        ),
    )
    return Estimated(reading, moments, fit, evidence)


def check_clusters(workspace: Workspace, entered: Frame, model: Model, cluster: str) -> None:
    """Raise NumericError TOO_FEW_CLUSTERS when few units, or none, are outside the largest cluster."""
    if not workspace.policy.protects:
        return
    variable = next(one for one in model.others if one.name == cluster)
    groups = workspace.engine.aggregate(entered, Aggregation(((cluster, reference(variable)),), COUNT_MEASURES))
    n, keys = groups.measures["n"].astype(np.int64), groups.measures["key"].astype(np.uint64)
    outside = np.arange(n.size) != (n.argmax() if n.size else 0)
    rest = UnitCount(int(n[outside].sum()), int(keys[outside].sum(dtype=np.uint64)))
    if is_few(rest, workspace.policy.cell_min):
        raise too_few_clusters()
