"""The rules of recode: what they match, what they give, which labels they leave."""

from __future__ import annotations

import sys

from grille.server.commands.scope import Labels, Variable
from grille.server.errors import GrilleError, Span, TypeMismatchError
from grille.server.language.ast import Missing, Number, RecodeRange, RecodeRule, String
from grille.server.plan.expressions import Apply, ColumnRef, Constant, Expression, ValueType
from grille.server.plan.steps import choose, missing
from grille.server.text import Text, same

_LARGEST = sys.float_info.max


def result_type(variable: Variable, rules: tuple[RecodeRule, ...], span: Span, *, everywhere: bool) -> ValueType:
    """Return the type of the recoded variable.

    Args:
        variable: The variable before.
        rules: The rules in order.
        span: Place of the variable, for errors.
        everywhere: Whether there is no condition.

    Raises:
        TypeMismatchError: TYPE_MISMATCH when new values are of two types, or when old values would stay beside new
            ones of another type.
    """
    is_text = {isinstance(rule.new, String) for rule in rules if not isinstance(rule.new, Missing)}
    if len(is_text) == 2:
        raise _mixed(span)
    was_text = variable.type is ValueType.STRING
    if not is_text or is_text == {was_text}:
        return variable.type
    catch_all = any(rule.matches in ("*", "nonmissing") for rule in rules)
    if not (catch_all and everywhere):
        raise _leftover(variable, span)
    return ValueType.NUMBER if was_text else ValueType.STRING


def recoded(
    variable: Variable, rules: tuple[RecodeRule, ...], kind: ValueType
) -> tuple[tuple[Expression, Expression], ...]:
    """Return per rule when it matches and what it gives; the first rule that matches decides."""
    news = [missing(kind) if isinstance(rule.new, Missing) else Constant(rule.new.value, kind) for rule in rules]
    return tuple((matches(variable, rule), new) for rule, new in zip(rules, news, strict=True))


def unmatched(variable: Variable, kind: ValueType) -> Expression:
    """Return the value where no rule matches: what it was, or missing when the type changes."""
    fits = (kind is ValueType.STRING) == (variable.type is ValueType.STRING)
    return ColumnRef(variable.name, variable.type) if fits else missing(kind)


def rule_number(variable: Variable, rules: tuple[RecodeRule, ...]) -> Expression:
    """Return the number of the rule, from 0, that decides a value; missing when none does."""
    branches = [(matches(variable, rule), Constant(at, ValueType.NUMBER)) for at, rule in enumerate(rules)]
    return choose(branches, missing(ValueType.NUMBER), ValueType.NUMBER)


def matches(variable: Variable, rule: RecodeRule) -> Expression:
    """Return the condition under which `rule` applies; raises TypeMismatchError TYPE_MISMATCH for a wrong value."""
    column = ColumnRef(variable.name, variable.type)
    absent = Apply("sysmiss", (column,), ValueType.NUMBER)
    if rule.matches == "missing":
        return absent
    if rule.matches == "nonmissing":
        return Apply("not", (absent,), ValueType.NUMBER)
    if isinstance(rule.matches, str):
        return Constant(1, ValueType.NUMBER)
    values = [_constant(variable, one) for one in rule.matches if not isinstance(one, RecodeRange)]
    tests: list[Expression] = [Apply("inlist", (column, *values), ValueType.NUMBER)] if values else []
    tests += [_range(variable, one) for one in rule.matches if isinstance(one, RecodeRange)]
    return tests[0] if len(tests) == 1 else Apply("or", tuple(tests), ValueType.NUMBER)


def labels_after(variable: Variable, rules: tuple[RecodeRule, ...], kind: ValueType) -> Labels | None:
    """Return the labels of the recoded variable: those of the rules over those that it had, if the type stays."""
    fits = (kind is ValueType.STRING) == (variable.type is ValueType.STRING)
    old = variable.labels if variable.labels is not None and fits else Labels({})
    labels, absent = dict(old.labels), set(old.missing)
    for rule in rules:
        if isinstance(rule.new, Missing):
            continue
        code = rule.new.value if isinstance(rule.new, String) else float(rule.new.value)
        if rule.label is not None:
            labels[code] = same(rule.label.value)
        if rule.flag_missing:
            absent.add(code)
    return Labels(labels, frozenset(absent)) if labels or absent else None


def _constant(variable: Variable, value: Number | String) -> Constant:
    if isinstance(value, String) != (variable.type is ValueType.STRING):
        raise _wrong_value(variable, value.span)
    return Constant(value.value, ValueType.STRING if isinstance(value, String) else ValueType.NUMBER)


def _range(variable: Variable, wanted: RecodeRange) -> Expression:
    if variable.type is ValueType.STRING:
        raise _wrong_value(variable, wanted.span)
    low = Constant(-_LARGEST if wanted.low is None else wanted.low, ValueType.NUMBER)
    high = Constant(_LARGEST if wanted.high is None else wanted.high, ValueType.NUMBER)
    return Apply("inrange", (ColumnRef(variable.name, variable.type), low, high), ValueType.NUMBER)


def _wrong_value(variable: Variable, span: Span) -> GrilleError:
    if variable.type is ValueType.STRING:
        return TypeMismatchError(
            "TYPE_MISMATCH",
            Text(f"`{variable.name}` holds text.", f"`{variable.name}` inneholder tekst."),
            hint=Text(
                "Put its values in quotes; ranges are for numbers. `destring` makes numbers of text.",
                "Sett verdiene i anførselstegn; intervaller er for tall. `destring` gjør tekst om til tall.",
            ),
            span=span,
        )
    return TypeMismatchError(
        "TYPE_MISMATCH",
        Text(f"`{variable.name}` holds numbers.", f"`{variable.name}` inneholder tall."),
        hint=Text("Write its values without quotes.", "Skriv verdiene uten anførselstegn."),
        span=span,
    )


def _mixed(span: Span) -> GrilleError:
    return TypeMismatchError(
        "TYPE_MISMATCH",
        Text("The new values are of two types, numbers and text.", "De nye verdiene er av to typer, tall og tekst."),
        hint=Text("Quote all of them, or none.", "Sett alle i anførselstegn, eller ingen."),
        span=span,
    )


def _leftover(variable: Variable, span: Span) -> GrilleError:
    return TypeMismatchError(
        "TYPE_MISMATCH",
        Text(
            f"The new values differ in type from `{variable.name}`, and values that no rule matches would stay.",
            f"De nye verdiene har en annen type enn `{variable.name}`, og verdier uten regel ville stå.",
        ),
        hint=Text(
            "End with a rule for all values, such as `(* = .)`, and leave out the condition.",
            "Avslutt med en regel for alle verdier, som `(* = .)`, og utelat betingelsen.",
        ),
        span=span,
    )
