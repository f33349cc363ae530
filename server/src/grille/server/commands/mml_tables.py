"""The tables and remarks of a fitted multilevel model."""

from __future__ import annotations

import math

from grille.server.commands.model_tables import coefficient_table, interval_heads
from grille.server.commands.models import Model, Reading
from grille.server.commands.regress import MODEL_COLUMNS
from grille.server.commands.scope import Variable
from grille.server.disclosure.evidence import Figure, FigureKind, FigureTable, GroupLevel, UnitCount
from grille.server.disclosure.policy import Policy
from grille.server.statistics.reml import MixedResult
from grille.server.statistics.uncertainty import WaldTest
from grille.server.text import Text, same

FEW_CLUSTERS = 10


def model_table(model: Model, fit: MixedResult, units: UnitCount) -> FigureTable:
    """Return the table of fit and tests."""
    none, no_p = Figure(FigureKind.DEGREES, None), Figure(FigureKind.P_VALUE, None)

    def test(key: str, label: Text, result: WaldTest | None) -> tuple[Figure, ...]:
        head = Figure(FigureKind.LABEL, key, label=label)
        if result is None:
            return (head, Figure(FigureKind.ESTIMATE, None), none, no_p)
        return (
            head,
            Figure(FigureKind.PER_UNIT, result.chi2),
            Figure(FigureKind.DEGREES, result.df),
            Figure(FigureKind.P_VALUE, result.p_value),
        )

    observations = Figure(FigureKind.LABEL, "n_obs", label=Text("Observations", "Antall obs"))
    likelihood = Figure(FigureKind.LABEL, "log_likelihood", label=Text("Log likelihood", "Log Likelihood"))
    rows = (
        (observations, Figure(FigureKind.COUNT, units), none, no_p),
        (likelihood, Figure(FigureKind.PER_UNIT, fit.log_likelihood), none, no_p),
        test("lr_test", Text("LR test", "LR-test"), fit.lr_test),
        test("wald_coef", same("Wald coef"), fit.wald_coef),
        test("wald_total", same("Wald total"), fit.wald_total),
    )
    title = Text(f"Multilevel regression of {model.outcome.name}", f"Flernivåregresjon av {model.outcome.name}")
    return FigureTable("model", title, MODEL_COLUMNS, rows)


def groups_table(variables: tuple[Variable, ...], fit: MixedResult, groups: tuple[GroupLevel, ...]) -> FigureTable:
    """Return the table of levels: number and sizes of groups."""
    columns = (
        ("level", Text("Level", "Nivå")),
        ("variable", Text("Group variable", "Gruppevariabel")),
        ("n_groups", Text("N groups", "N grupper")),
        ("min", Text("Min", "Min")),
        ("max", Text("Max", "Maks")),
        ("mean", Text("Mean", "Gjennomsnitt")),
    )
    rows = []
    for number, (variable, level, group) in enumerate(zip(variables, fit.levels, groups, strict=True)):
        rows.append(
            (
                Figure(FigureKind.DEGREES, len(variables) + 1 - number),
                Figure(FigureKind.LABEL, variable.name),
                Figure(FigureKind.GROUPS, UnitCount(level.n_groups, group.smallest.key)),
                Figure(FigureKind.COUNT, group.smallest),
                Figure(FigureKind.COUNT, group.largest),
                Figure(FigureKind.MEAN_SIZE, level.mean),
            )
        )
    return FigureTable("groups", Text("Groups", "Grupper"), columns, tuple(rows))


def random_table(variables: tuple[Variable, ...], fit: MixedResult) -> FigureTable:
    """Return the table of variances and intraclass correlations."""
    columns = (
        ("variable", Text("Level", "Nivå")),
        ("variance", Text("Variance", "Varians")),
        ("std_error", Text("Std. error", "Std.feil")),
        ("icc", Text("Intraclass correlation", "Intraklassekorrelasjon")),
    )
    estimate = FigureKind.ESTIMATE
    rows = [
        (
            Figure(FigureKind.LABEL, variable.name),
            Figure(estimate, level.variance, boundary=level.at_zero or level.at_cap),
            Figure(FigureKind.MEAN_ERROR, level.variance_error),
            Figure(estimate, level.icc),
        )
        for variable, level in zip(variables, fit.levels, strict=True)
    ]
    residual = (
        Figure(FigureKind.LABEL, "residual", label=Text("Residual", "Residual")),
        Figure(estimate, fit.residual_variance),
        Figure(FigureKind.MEAN_ERROR, fit.residual_variance_error),
        Figure(estimate, 1.0 - sum(level.icc for level in fit.levels)),
    )
    title = Text("Random-effects variance", "Random Effects Variance")
    return FigureTable("random_effects", title, columns, (*rows, residual))


def mixed_coefficients(model: Model, reading: Reading, fit: MixedResult) -> FigureTable:
    """Return the table of coefficients."""
    low, high = interval_heads(model.level)
    estimate, error = FigureKind.ESTIMATE, FigureKind.MEAN_ERROR
    half = (fit.intervals[:, 1] - fit.intervals[:, 0]) / 2
    return coefficient_table(
        model,
        reading,
        fit.terms,
        (
            ("estimate", Text("Coefficient", "Koeffisient"), estimate, fit.coefficients),
            ("std_error", Text("Std. error", "Std.feil"), error, fit.std_errors),
            ("z", same("z"), FigureKind.MEAN_T, fit.z),
            ("p_value", same("P > |z|"), FigureKind.P_VALUE, fit.p_values),
            ("ci_low", low, error, -half),
            ("ci_high", high, error, half),
        ),
    )


def boundary_notices(variables: tuple[Variable, ...], fit: MixedResult) -> tuple[tuple[str, Text], ...]:
    """Return remarks on variances at the ends of their range."""
    notices = []
    for variable, level in zip(variables, fit.levels, strict=True):
        if level.at_zero:
            text = Text(
                f"The variance of {variable.name} is estimated as exactly 0: groups do not differ more than chance.",
                f"Variansen for {variable.name} er estimert til nøyaktig 0: gruppene er ikke mer ulike enn tilfeldig.",
            )
            notices.append(("boundary", text))
        if level.at_cap:
            text = Text(
                f"The outcome does not vary within the groups of {variable.name}; its variance has no finite estimate.",
                f"Utfallet varierer ikke innen gruppene av {variable.name}; variansen har ikke noe endelig estimat.",
            )
            notices.append(("boundary", text))
    return tuple(notices)


def clusters_notice(variables: tuple[Variable, ...], fit: MixedResult) -> tuple[tuple[str, Text], ...]:
    """Return the remark that robust errors have few groups to go by."""
    if fit.errors != "robust" or fit.levels[0].n_groups >= FEW_CLUSTERS:
        return ()
    top = variables[0].name
    return (
        (
            "few_clusters",
            Text(
                f"{top} has fewer than {FEW_CLUSTERS} groups: robust standard errors tend to be too small.",
                f"{top} har færre enn {FEW_CLUSTERS} grupper: robuste standardfeil blir gjerne for små.",
            ),
        ),
    )


def crossed_notice(variables: tuple[Variable, ...], crossed: int, policy: Policy) -> tuple[tuple[str, Text], ...]:
    """Return the remark that groups of the lower level are not nested by their codes; `crossed` counts the codes."""
    if not crossed:
        return ()
    top, middle = variables[0].name, variables[1].name
    english = f", with {policy.cell_min} units or more in each" if policy.protects else ""
    norwegian = f", med {policy.cell_min} enheter eller mer i hver" if policy.protects else ""
    return (
        (
            "crossed",
            Text(
                f"Codes of {middle} that occur in several groups of {top}{english}: {crossed}. Each combination counts "
                "as its own group.",
                f"Koder i {middle} som finnes i flere grupper av {top}{norwegian}: {crossed}. Hver kombinasjon regnes "
                "som en egen gruppe.",
            ),
        ),
    )


def convergence_table(fit: MixedResult) -> FigureTable:
    """Return the table of how the optimum was found; a fit that does not converge is an error and has no table."""
    boundary = sum(level.at_zero or level.at_cap for level in fit.levels)
    figures: tuple[tuple[str, Text, Figure], ...] = (
        ("iterations", Text("Iterations", "Iterasjoner"), Figure(FigureKind.DEGREES, fit.convergence.iterations)),
        ("evaluations", Text("Evaluations", "Evalueringer"), Figure(FigureKind.DEGREES, fit.convergence.evaluations)),
        (
            "gradient_norm",
            Text("Largest derivative, below", "Største deriverte, under"),
            Figure(FigureKind.ESTIMATE, power_of_ten_above(fit.convergence.gradient_norm)),
        ),
        (
            "boundary",
            Text("Variances on the boundary", "Varianser på grensen"),
            Figure(FigureKind.DEGREES, boundary),
        ),
    )
    columns = (("statistic", Text("Statistic", "Mål")), ("value", Text("Value", "Verdi")))
    rows = tuple((Figure(FigureKind.LABEL, key, label=label), figure) for key, label, figure in figures)
    return FigureTable("convergence", Text("Convergence", "Konvergens"), columns, rows)


def power_of_ten_above(value: float) -> float:
    """Return the smallest power of ten not below `value`; 0 for 0.

    The digits of a derivative at the optimum are rounding error, a fingerprint of the rows that tells nothing else.
    """
    return 0.0 if value <= 0.0 else 10.0 ** math.ceil(math.log10(value))
