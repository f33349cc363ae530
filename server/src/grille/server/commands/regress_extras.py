"""What regress shows beside its coefficients when asked: margins, variance inflation, tests of its residuals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from grille.server.commands.base import OptionSpec, Workspace
from grille.server.commands.model_tables import term_labels
from grille.server.commands.models import Model, Reading
from grille.server.commands.options import Options
from grille.server.commands.regress_margins import margins_table
from grille.server.disclosure.evidence import Figure, FigureKind, FigureTable, TableNeeds
from grille.server.engines.base import Frame
from grille.server.errors import UnknownNameError
from grille.server.statistics.collinearity import variance_inflation
from grille.server.statistics.design import CONSTANT_NAME
from grille.server.statistics.moments import Moments
from grille.server.statistics.ols import OlsResult
from grille.server.statistics.residual_tests import (
    Heteroskedasticity,
    JointTest,
    Reset,
    residual_tests,
)
from grille.server.statistics.weight import Weight
from grille.server.text import Text, same

HETEROSKEDASTICITY = {
    "het_bp": Text("Breusch-Pagan", "Breusch-Pagan"),
    "het_iid": Text("Breusch-Pagan, studentised", "Breusch-Pagan, studentisert"),
    "het_fstat": Text("Breusch-Pagan, F", "Breusch-Pagan, F"),
}

OPTIONS = (
    OptionSpec(
        "margins",
        "margins(DUMMY)",
        Text(
            "predicted outcome at the means of all terms, or for each value of a 0/1 variable or factor of the model",
            "predikert utfall i gjennomsnittet av alle ledd, eller for hver verdi av en 0/1-variabel eller faktor",
        ),
    ),
    OptionSpec(
        "standardize",
        "standardize",
        Text("coefficients in standard deviations (beta)", "koeffisienter i standardavvik (beta)"),
    ),
    OptionSpec("vif", "vif", Text("variance inflation factors", "variansinflasjonsfaktorer (VIF)")),
    OptionSpec(
        "ov",
        "ov",
        Text("Ramsey's RESET: are powers left out", "Ramseys RESET: mangler det potenser"),
    ),
    OptionSpec("het_bp", "het_bp", Text("Breusch-Pagan test of equal variance", "Breusch-Pagan-test av lik varians")),
    OptionSpec("het_iid", "het_iid", Text("the same, studentised", "den samme, studentisert")),
    OptionSpec("het_fstat", "het_fstat", Text("the same as an F test", "den samme som F-test")),
)


@dataclass(frozen=True, slots=True)
class Extras:
    """What is wanted.

    Attributes:
        margins: Whether margins are wanted.
        at: The variable for whose values; None for the means of all.
        standardize: Whether coefficients are standardised.
        vif: Whether variance inflation factors are wanted.
        reset: Whether RESET is.
        heteroskedasticity: Keys of HETEROSKEDASTICITY that are.
    """

    margins: bool = False
    at: str | None = None
    standardize: bool = False
    vif: bool = False
    reset: bool = False
    heteroskedasticity: tuple[str, ...] = ()


def bind_extras(options: Options, model: Model) -> Extras:
    """Return what the options ask for; raises UnknownNameError MARGINS_NOT_IN_MODEL."""
    given = options.given.get("margins")
    name = None if given is None or not given.arguments else options.names("margins", most=1)[0]
    if name is not None and name.text not in model.variables:
        raise UnknownNameError(
            "MARGINS_NOT_IN_MODEL",
            Text(
                f"`{name.text}` is not an explanatory variable of the model.",
                f"`{name.text}` er ikke en forklaringsvariabel i modellen.",
            ),
            hint=Text(
                "Name a 0/1 variable or a factor among the terms, or write `margins()`.",
                "Nevn en 0/1-variabel eller en faktor blant leddene, eller skriv `margins()`.",
            ),
            span=name.span,
        )
    return Extras(
        margins=given is not None,
        at=None if name is None else name.text,
        standardize=options.flag("standardize"),
        vif=options.flag("vif"),
        reset=options.flag("ov"),
        heteroskedasticity=tuple(key for key in HETEROSKEDASTICITY if options.flag(key)),
    )


def extra_tables(
    extras: Extras,
    model: Model,
    workspace: Workspace,
    entered: Frame,
    reading: Reading,
    moments: Moments,
    fit: OlsResult,
) -> tuple[FigureTable, ...]:
    """Compute the tables beside the coefficients; raises NumericError MARGINS_NOT_DUMMY."""
    tables: list[FigureTable] = []
    if extras.margins:
        tables.append(margins_table(extras.at, model, workspace, entered, reading, moments, fit))
    if extras.vif:
        tables.append(_inflation(model, reading, fit))
    if extras.reset or extras.heteroskedasticity:
        tables += _tests(extras, reading, moments, fit)
    return tuple(tables)


def standardized(fit: OlsResult, moments: Moments, reading: Reading) -> tuple[OlsResult, Reading]:
    """Return the fit with outcome and columns in standard deviations, and a reading that shows no constant.

    A coefficient becomes b sd(x) / sd(y) (statsmodels' OLS of standardised variables; Stata's beta).
    """
    spread = np.sqrt(np.diagonal(moments.cross))
    factor = np.ones(len(fit.terms))
    factor[: fit.scaling.slopes] = spread[fit.scaling.kept] / spread[-1]
    scaled = replace(
        fit,
        coefficients=fit.coefficients * factor,
        std_errors=fit.std_errors * factor,
        intervals=fit.intervals * factor[:, None],
    )
    return scaled, replace(reading, shown=reading.shown - {CONSTANT_NAME})


def _inflation(model: Model, reading: Reading, fit: OlsResult) -> FigureTable:
    labels = term_labels(model, reading)
    rows = tuple(
        (
            Figure(FigureKind.LABEL, term, label=labels.get(term)),
            Figure(FigureKind.ESTIMATE, float(factor)),
            Figure(FigureKind.ESTIMATE, 1.0 / float(factor)),
        )
        for term, factor in zip(fit.terms, variance_inflation(fit.scaling), strict=False)
        if term in reading.shown
    )
    columns = (
        ("term", Text("Variable", "Variabel")),
        ("vif", same("VIF")),
        ("tolerance", Text("1 / VIF", "1 / VIF")),
    )
    return FigureTable("vif", Text("Variance inflation factors", "Variansinflasjonsfaktorer"), columns, rows)


def _tests(extras: Extras, reading: Reading, moments: Moments, fit: OlsResult) -> list[FigureTable]:
    reset, spread = residual_tests(
        moments,
        fit.scaling,
        fit.scaled_coefficients,
        reading.passes,
        reset=extras.reset,
        heteroskedasticity=bool(extras.heteroskedasticity),
    )
    tables = [] if reset is None else [reset_table(reset)]
    return tables if spread is None else [*tables, spread_table(spread, extras.heteroskedasticity)]


def reset_table(reset: Reset) -> FigureTable:
    """Return the table `reset`."""
    needs = TableNeeds(leverage=reset.leverage, weight=_parts(reset.weight))
    row = _test("ov", Text("Powers 2 to 4 of fitted values", "Potens 2 til 4 av predikerte verdier"), reset.test)
    return FigureTable("reset", Text("Ramsey's RESET test", "Ramseys RESET-test"), TEST_COLUMNS, (row,), needs)


def spread_table(spread: Heteroskedasticity, keys: tuple[str, ...]) -> FigureTable:
    """Return the table `heteroskedasticity` with the tests of HETEROSKEDASTICITY that are asked for."""
    found = {"het_bp": spread.breusch_pagan, "het_iid": spread.studentised, "het_fstat": spread.f}
    rows = tuple(_test(key, HETEROSKEDASTICITY[key], found[key]) for key in keys)
    title = Text("Tests of equal variance", "Tester av lik varians")
    return FigureTable("heteroskedasticity", title, TEST_COLUMNS, rows, TableNeeds(weight=_parts(spread.weight)))


def _parts(weight: Weight) -> tuple[float, float, float]:
    return weight.total, weight.largest, weight.second


def _test(key: str, label: Text, test: JointTest | None) -> tuple[Figure, ...]:
    kind = FigureKind.PER_UNIT if test is None or test.df_resid is None else FigureKind.F_STATISTIC
    return (
        Figure(FigureKind.LABEL, key, label=label),
        Figure(kind, None if test is None else test.statistic),
        Figure(FigureKind.DEGREES, None if test is None else test.df),
        Figure(FigureKind.RESIDUAL_DEGREES, None if test is None else test.df_resid),
        Figure(FigureKind.P_VALUE, None if test is None else test.p_value),
    )


TEST_COLUMNS = (
    ("test", Text("Test", "Test")),
    ("statistic", Text("Statistic", "Testverdi")),
    ("df", same("df")),
    ("df_resid", Text("Residual df", "Frihetsgrader, residual")),
    ("p_value", same("p")),
)
