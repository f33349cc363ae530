"""A least-squares fit of a data set's rows, and what the gate asks of it: shared by regress and regress-predict."""

from __future__ import annotations

from dataclasses import dataclass

from grille.server.commands.base import Workspace
from grille.server.commands.beside import beside
from grille.server.commands.gathering import gather
from grille.server.commands.models import (
    Model,
    Reading,
    design_columns,
    dropped_notice,
    expect_combinations,
    smallest_combination,
    term_labels,
)
from grille.server.commands.sets import analysis_set
from grille.server.disclosure.evidence import AnalysisSet, ModelEvidence
from grille.server.engines.base import Frame
from grille.server.statistics.leverage import design_leverage
from grille.server.statistics.moments import Moments
from grille.server.statistics.ols import ClusterVariable, Covariance, OlsResult, fit_ols


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

    with beside(count) as counted:
        reading, moments = gather(workspace, entered, model)
    workspace.progress("fitting")
    clusters = None if cluster is None else ClusterVariable(cluster, len(reading.levels.levels[cluster]))
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
    )
    return Estimated(reading, moments, fit, evidence)
