"""destring: text to numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from grille.server.blocks import Block
from grille.server.commands.base import Bound, CommandSpec, OptionSpec, Outcome, Workspace
from grille.server.commands.lookup import new_name, populated_dataset, unique_names, usable_variable, with_variable
from grille.server.commands.options import check_options
from grille.server.commands.preparation import (
    PREPARATION,
    present_status,
    touch,
    with_frame,
    with_missing,
    without,
)
from grille.server.commands.scope import Labels, Scope, Variable
from grille.server.disclosure.evidence import StatusEvidence, Touch, UnitCount
from grille.server.disclosure.rules.condition import Effect
from grille.server.errors import GrilleError, TypeMismatchError
from grille.server.language import ast
from grille.server.plan.expressions import ColumnRef, ValueType
from grille.server.plan.steps import missing as no_value
from grille.server.plan.steps import number_from_text
from grille.server.text import Text, same


@dataclass(frozen=True, slots=True)
class Plan:
    """The data set, pairs of text variable and result, and how text is read."""

    dataset: str
    pairs: tuple[tuple[str, str], ...]
    ignored: str
    force: bool
    decimal_comma: bool


class Destring:
    """The command."""

    spec = CommandSpec(
        name="destring",
        group=PREPARATION,
        summary=Text("Make numbers of text", "Gjør tekst om til tall"),
        syntax="destring VARIABLES [, OPTIONS]",
        options=(
            OptionSpec(
                "prefix",
                "prefix(TEXT)",
                Text("write to new variables with this prefix", "skriv til nye variabler med forstavelse"),
            ),
            OptionSpec("ignore", "ignore('CHARACTERS')", Text("leave these characters out", "utelat disse tegnene")),
            OptionSpec(
                "force",
                "force",
                Text("what is no number becomes missing", "det som ikke er tall, blir manglende verdi"),
            ),
            OptionSpec("dpcomma", "dpcomma", Text("the decimal sign is a comma", "desimaltegnet er komma")),
        ),
        examples=("destring code, ignore('.-') force", "destring muni, prefix(n_)"),
        details=Text(
            "Blanks around a number do not count. Without `force` the command fails when values are no numbers; those "
            "of few units become missing. Labels are kept for codes that are numbers.",
            "Blanke rundt et tall teller ikke. Uten `force` feiler kommandoen når verdier ikke er tall; for få enheter "
            "blir de manglende. Etiketter beholdes for koder som er tall.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Check that the variables hold text, and the options."""
        if not isinstance(node, ast.Destring):
            raise TypeError("not destring")
        dataset = populated_dataset(scope, node.head.name_span)
        options = check_options(self.spec, node.options)
        prefix = options.text("prefix")
        pairs: list[tuple[str, str]] = []
        after = scope
        for name in unique_names(node.variables):
            old = usable_variable(scope, name.text, name.span)
            if old.type is not ValueType.STRING:
                raise _no_text(name)
            target = old.name if prefix is None else new_name(after, prefix + old.name, name.span)
            pairs.append((old.name, target))
            after = with_variable(after, after.datasets[dataset.name], _as_number(old, target))
        plan = Plan(
            dataset.name,
            tuple(pairs),
            options.text("ignore") or "",
            options.flag("force"),
            options.flag("dpcomma"),
        )
        return Bound(self.spec.name, plan, after)

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Read the numbers; count the units whose text is none."""
        workspace.progress("computing")
        engine, frame = workspace.engine, workspace.frames[plan.dataset]
        after = frame
        counts: dict[str, UnitCount] = {}
        touched: list[Touch] = []
        for place, (old, target) in enumerate(plan.pairs):
            text = ColumnRef(old, ValueType.STRING)
            number = number_from_text(text, plan.ignored, plan.decimal_comma)
            after = engine.with_column(after, target, number)
            found = with_missing(engine, after, ColumnRef(target, ValueType.NUMBER))
            unreadable = without(found["missing"], with_missing(engine, frame, text)["missing"])
            refused = touch(workspace, unreadable, found["units"], None)
            # few units without a number look like none: they become missing, with or without force
            if unreadable.n and not plan.force and refused.effect != Effect.NOBODY:
                raise _not_numeric(old)
            if refused.effect == Effect.EVERYBODY:
                after = engine.with_column(after, target, no_value(ValueType.NUMBER))
                found["missing"] = found["units"]
            touched.append(refused)
            counts |= {f"units{place}": found["units"], f"missing{place}": found["missing"]}
        evidence = StatusEvidence("destringed", _status(plan), counts, touched=tuple(touched))
        return Outcome(evidence, with_frame(workspace, plan.dataset, after))

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


def _status(plan: Plan) -> Text:
    english = [f"{new}: {{units{at}}} units, {{missing{at}}} without a value" for at, (_, new) in enumerate(plan.pairs)]
    norwegian = [f"{new}: {{units{at}}} enheter, {{missing{at}}} uten verdi" for at, (_, new) in enumerate(plan.pairs)]
    return Text(f"{'; '.join(english)}.", f"{'; '.join(norwegian)}.")


def _as_number(old: Variable, target: str) -> Variable:
    labels = None
    if old.labels is not None:
        keyed = {_number(code): label for code, label in old.labels.labels.items()}
        absent = frozenset(number for number in map(_number, old.labels.missing) if number is not None)
        labels = Labels({number: label for number, label in keyed.items() if number is not None}, absent)
    title = old.title if target == old.name else same(target)
    return replace(old, name=target, title=title, type=ValueType.NUMBER, labels=labels)


def _number(code: str | float) -> float | None:
    try:
        number = float(code)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _no_text(name: ast.Name) -> GrilleError:
    return TypeMismatchError(
        "TYPE_MISMATCH",
        Text(f"`{name.text}` holds numbers already.", f"`{name.text}` inneholder allerede tall."),
        span=name.span,
    )


def _not_numeric(name: str) -> GrilleError:
    return TypeMismatchError(
        "NOT_NUMERIC",
        Text(f"`{name}` holds text that is no number.", f"`{name}` inneholder tekst som ikke er tall."),
        hint=Text(
            "Leave characters out with `ignore()`, or make such values missing with `force`.",
            "Utelat tegn med `ignore()`, eller gjør slike verdier manglende med `force`.",
        ),
    )


COMMAND = Destring()
