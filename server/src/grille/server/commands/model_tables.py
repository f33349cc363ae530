"""What the tables of models share: coefficients, names of terms, intervals, remarks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grille.server.blocks import Block, Notice, Table
from grille.server.commands.models import Model, Reading
from grille.server.commands.scope import Variable
from grille.server.disclosure.evidence import Figure, FigureKind, FigureTable
from grille.server.disclosure.released import ReleasedModel
from grille.server.statistics.design import CONSTANT_NAME, Design, level_text
from grille.server.statistics.moments import Moments
from grille.server.text import Text, same


def coefficient_table(
    model: Model,
    reading: Reading,
    terms: Sequence[str],
    columns: Sequence[tuple[str, Text, FigureKind, NDArray[np.float64]]],
) -> FigureTable:
    """Return the table `coefficients`: one row per shown term, the constant last.

    The first column has the estimates. The limits of their intervals are given as distances from them.
    """
    labels = term_labels(model, reading)
    estimates = columns[0][3]
    rows = []
    for number, term in enumerate(terms):
        if term not in reading.shown:
            continue
        label = Figure(FigureKind.LABEL, term, label=labels.get(term))
        figures = (
            Figure(kind, float(values[number]), centre=float(estimates[number]) if key in _LIMITS else 0.0)
            for key, _, kind, values in columns
        )
        rows.append((label, *figures))
    head = (("term", Text("Variable", "Variabel")), *((key, title) for key, title, _, _ in columns))
    return FigureTable("coefficients", Text("Coefficients", "Koeffisienter"), head, tuple(rows))


_LIMITS = ("ci_low", "ci_high")


def term_labels(model: Model, reading: Reading) -> dict[str, Text]:
    """Return what a person reads for each term: the variable, and the category's label for factor terms."""
    labels = {CONSTANT_NAME: Text("Constant", "Konstant")}
    for column in reading.design.columns:
        parts = [_part_label(model, reading, part.variable, part.level) for part in column.parts]
        labels[column.name] = Text(" × ".join(part.en for part in parts), " × ".join(part.no for part in parts))
    return labels


def _part_label(model: Model, reading: Reading, variable: str, level: int | None) -> Text:
    if level is None:
        return same(variable)
    return level_label(model.variables[variable], variable, reading.levels.levels[variable][level])[1]


def level_label(variable: Variable, name: str, code: str | float) -> tuple[str, Text]:
    """Return the stable key of a value of a variable, `name=code`, and what a person reads for it."""
    label = variable.labels.labels.get(code) if variable.labels is not None else None
    key = f"{name}={level_text(code)}"
    if label is None:
        return key, same(f"{name} = {level_text(code)}")
    return key, Text(f"{name}: {label.en}", f"{name}: {label.no}")


def interval_heads(level: float) -> tuple[Text, Text]:
    """Return the headings of the limits of a confidence interval."""
    return (
        Text(f"{level:g} % CI low", f"{level:g} % KI nedre"),
        Text(f"{level:g} % CI high", f"{level:g} % KI øvre"),
    )


def present_model(content: ReleasedModel) -> tuple[Block, ...]:
    """Return a model's tables and remarks as blocks."""
    tables = tuple(Table(table.key, table.title, table.columns, table.rows) for table in content.tables)
    return (*tables, *(Notice(key, text) for key, text in content.notices))


def dropped_notice(
    dropped: Sequence[str], labels: dict[str, Text], design: Design, moments: Moments
) -> tuple[tuple[str, Text], ...]:
    """Return the remark that columns were left out; names terms of the script, and categories that many units have.

    A category or combination of few units is not named, for one that nobody has is no column at all.
    """
    unnamed = {
        column.name
        for column, ends in zip(design.columns, moments.ranges, strict=False)
        if ends.rarer < design.rare_below and any(part.level is not None for part in column.parts)
    }
    dropped = [name for name in dropped if name not in unnamed]
    if not dropped:
        return ()
    english = ", ".join(labels[name].en if name in labels else name for name in dropped)
    norwegian = ", ".join(labels[name].no if name in labels else name for name in dropped)
    return (
        (
            "collinear",
            Text(
                f"Left out, because they hardly vary or earlier terms already contain them: {english}.",
                f"Utelatt fordi de knapt varierer eller tidligere ledd allerede inneholder dem: {norwegian}.",
            ),
        ),
    )
