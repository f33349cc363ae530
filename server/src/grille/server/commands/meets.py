"""Which rules of disclosure control each command of the whitelist will meet, as its bound plan tells without data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from grille.server.disclosure.meeting import (
    EVERYTHING,
    PUBLIC,
    Meets,
    counts,
    figure_sets,
    histogram,
    magnitudes,
    model,
    status,
)


def _always(meets: Meets) -> Callable[[Any], Meets]:
    return lambda _plan: meets


def meets_of(command: str, plan: Any) -> Meets:
    """Return the rules that a bound command will meet; of one that is not listed here, every rule may be met."""
    return MEETS[command](plan) if command in MEETS else EVERYTHING


def _tabulate(plan: Any) -> Meets:
    if plan.summarized is None:
        return counts(len(plan.variables))
    return magnitudes(len(plan.variables), sums="sum" in plan.view.shown)


def _import(plan: Any) -> Meets:
    return status(counts=True, population=True, conditions=plan.how != "left")


def _subset(plan: Any) -> Meets:
    return status(counts=True, population=True, conditions=True) if plan.condition is not None else status()


MEETS: Mapping[str, Callable[[Any], Meets]] = MappingProxyType(
    {
        "require": _always(status()),
        "create-dataset": _always(status()),
        "use": _always(status()),
        "delete-dataset": _always(status()),
        "rename-dataset": _always(status()),
        "clone-dataset": _always(status()),
        "import": _import,
        "generate": _always(status(counts=True, conditions=True)),
        "replace": _always(status(counts=True, conditions=True)),
        "recode": _always(status(counts=True, conditions=True)),
        "keep": _subset,
        "drop": _subset,
        "rename": _always(status()),
        "destring": _always(status(counts=True, conditions=True)),
        "define-labels": _always(status()),
        "assign-labels": _always(status()),
        "drop-labels": _always(status()),
        "list-labels": _always(PUBLIC),
        "summarize": _always(magnitudes(0)),
        "tabulate": _tabulate,
        "correlate": _always(figure_sets(pairs=True)),
        "ci": lambda plan: magnitudes(len(plan.by), percentiles=False),
        "normaltest": _always(figure_sets()),
        "anova": lambda plan: model(extras=bool(plan.posthoc)),
        "coefplot": lambda plan: meets_of(plan.command, plan.plan),
        "regress-predict": _always(model()),
        "regress-mml-predict": _always(model(grouped=True)),
        "boxplot": lambda plan: magnitudes(len(plan.over)),
        "histogram": lambda plan: histogram(discrete=plan.discrete, grouped=plan.by is not None),
        "regress": _always(model(extras=True)),
        "regress-mml": _always(model(grouped=True)),
        "variables": _always(PUBLIC),
        "help": _always(PUBLIC),
        "history": _always(PUBLIC),
        "textblock": _always(PUBLIC),
    }
)
