"""Reasons for which an estimator gives no answer, with advice."""

from __future__ import annotations

from grille.server.errors import NumericError
from grille.server.text import Text


def too_few_rows() -> NumericError:
    """Return the error for no more rows than columns."""
    return NumericError(
        "TOO_FEW_ROWS",
        Text(
            "There are not more complete observations than coefficients to estimate.",
            "Det er ikke flere komplette observasjoner enn koeffisienter som skal estimeres.",
        ),
        hint=Text(
            "Use fewer explanatory variables or a larger data set, and check for missing values.",
            "Bruk færre forklaringsvariabler eller et større datasett, og se etter manglende verdier.",
        ),
    )


def no_columns() -> NumericError:
    """Return the error for a model without any column left."""
    return NumericError(
        "NO_COLUMNS",
        Text("The model has no coefficient to estimate.", "Modellen har ingen koeffisient å estimere."),
        hint=Text(
            "Remove noconstant, or use explanatory variables that vary.",
            "Fjern noconstant, eller bruk forklaringsvariabler som varierer.",
        ),
    )


def too_many_columns(most: int) -> NumericError:
    """Return the error for categorical variables with too many categories, or combinations of them."""
    return NumericError(
        "TOO_MANY_COLUMNS",
        Text(
            f"The categories of the explanatory variables make more than {most} columns.",
            f"Kategoriene i forklaringsvariablene gir mer enn {most} kolonner.",
        ),
        hint=Text(
            "Recode them into fewer categories; write `c.v` where a number is meant.",
            "Omkod dem til færre kategorier; skriv `c.v` der et tall er ment.",
        ),
    )


def no_variation() -> NumericError:
    """Return the error for an outcome that is constant or fitted exactly."""
    return NumericError(
        "NO_VARIATION",
        Text(
            "The outcome does not vary, or the explanatory variables determine it completely.",
            "Utfallsvariabelen varierer ikke, eller forklaringsvariablene bestemmer den fullstendig.",
        ),
        hint=Text(
            "Use an outcome that varies, and leave out variables that it is made from.",
            "Bruk et utfall som varierer, og utelat variabler som det er laget av.",
        ),
    )


def not_finite() -> NumericError:
    """Return the error for sums that overflow or values that are not numbers."""
    return NumericError(
        "NOT_FINITE",
        Text(
            "A variable of the model holds values that are too large to compute with.",
            "En variabel i modellen har verdier som er for store til å regne med.",
        ),
        hint=Text("Rescale the variable, for example by dividing.", "Skaler variabelen, for eksempel ved å dividere."),
    )


def too_few_clusters() -> NumericError:
    """Return the error for cluster-robust standard errors with one cluster."""
    return NumericError(
        "TOO_FEW_CLUSTERS",
        Text(
            "Cluster-robust standard errors need at least two clusters.",
            "Klyngerobuste standardfeil krever minst to klynger.",
        ),
        hint=Text("Use another cluster variable, or robust.", "Bruk en annen klyngevariabel, eller robust."),
    )


def singular_covariance() -> NumericError:
    """Return the error for a covariance of the coefficients that cannot be inverted in a joint test."""
    return NumericError(
        "SINGULAR_COVARIANCE",
        Text(
            "The robust covariance of the coefficients is singular, so they cannot be tested together.",
            "Den robuste kovariansen til koeffisientene er singulær, så de kan ikke testes samlet.",
        ),
        hint=Text("Use more clusters or fewer variables.", "Bruk flere klynger eller færre variabler."),
    )


def single_group(variable: str) -> NumericError:
    """Return the error for a group variable with one group."""
    return NumericError(
        "SINGLE_GROUP",
        Text(
            f"The group variable {variable} has only one group, or few observations outside it, so its variance "
            "cannot be estimated.",
            f"Gruppevariabelen {variable} har bare én gruppe, eller få observasjoner utenfor den, så variansen kan "
            "ikke estimeres.",
        ),
        hint=Text("Use a group variable with several groups.", "Bruk en gruppevariabel med flere grupper."),
    )


def singleton_groups(variable: str) -> NumericError:
    """Return the error for a lowest group variable whose groups all have one observation."""
    return NumericError(
        "SINGLETON_GROUPS",
        Text(
            f"Nearly every group of {variable} has one observation, so its variance cannot be told from the residual.",
            f"Så å si hver gruppe av {variable} har én observasjon, så variansen kan ikke skilles fra restvariansen.",
        ),
        hint=Text(f"Use a coarser group variable than {variable}.", f"Bruk en grovere gruppevariabel enn {variable}."),
    )


def levels_not_separable(top: str, middle: str) -> NumericError:
    """Return the error for one middle group in every top group."""
    return NumericError(
        "LEVELS_NOT_SEPARABLE",
        Text(
            f"Nearly every group of {top} holds one group of {middle}, so only the sum of their variances can be "
            "estimated.",
            f"Så å si hver gruppe av {top} har én gruppe av {middle}, så bare summen av variansene kan estimeres.",
        ),
        hint=Text(
            f"Leave out {top} or {middle}, or check their order: the highest level comes first.",
            f"Utelat {top} eller {middle}, eller sjekk rekkefølgen: det høyeste nivået kommer først.",
        ),
    )


def group_columns_exhaust_groups(variable: str) -> NumericError:
    """Return the error for regressors that explain all differences between groups."""
    return NumericError(
        "GROUP_COLUMNS_EXHAUST_GROUPS",
        Text(
            f"As many explanatory columns are constant within the groups of {variable} as there are groups, "
            "so its variance cannot be estimated.",
            f"Det er like mange forklaringskolonner som er konstante innen gruppene av {variable} som det er grupper, "
            "så variansen kan ikke estimeres.",
        ),
        hint=Text(
            f"Leave out i.{variable} or other explanatory variables that are the same for all in a group.",
            f"Utelat i.{variable} eller andre forklaringsvariabler som er like for alle i en gruppe.",
        ),
    )


def not_converged(iterations: int) -> NumericError:
    """Return the error for an estimation that stopped before its optimum."""
    return NumericError(
        "NOT_CONVERGED",
        Text(
            f"The estimation did not converge in {iterations} iterations.",
            f"Estimeringen konvergerte ikke på {iterations} iterasjoner.",
        ),
        hint=Text(
            "Use fewer levels or explanatory variables, or rescale the variables.",
            "Bruk færre nivåer eller forklaringsvariabler, eller skaler variablene.",
        ),
    )
