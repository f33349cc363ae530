"""From grammar rules to the syntax tree: one method per rule of grammar.lark, called while the parser reduces.

Bottom-up calls need no recursion, so the depth of a text cannot exhaust the stack; depth is counted on the way and
refused beyond the limit. A start rule gives a function from the head of the command to its node.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from lark import Token, Transformer

from grille.server.errors import GrilleError, ScriptSyntaxError, Span
from grille.server.language import ast, leaves
from grille.server.language.flatten import CHAINS
from grille.server.language.limits import CALL_WEIGHT, MAX_NESTING, OPERATOR_WEIGHTS
from grille.server.text import Text

Finish = Callable[[ast.Head], ast.Command]


class _Operand(NamedTuple):
    """An expression on the parser's stack: its depth, its place with parentheses, and the chain it may continue."""

    node: ast.Expr
    depth: int
    span: Span
    chain: str | None


def _between(first: Span, last: Span) -> Span:
    return Span(first.start, last.end, first.line, first.column)


def _operand(item: ast.Expr | _Operand) -> _Operand:
    return item if isinstance(item, _Operand) else _Operand(item, 1, item.span, None)


def _deepened(depth: int, span: Span) -> int:
    if depth > MAX_NESTING:
        raise ScriptSyntaxError(
            "TOO_DEEPLY_NESTED",
            Text(
                f"The expression is nested deeper than {MAX_NESTING} levels.",
                f"Uttrykket er nøstet dypere enn {MAX_NESTING} nivåer.",
            ),
            hint=Text("Compute parts of it with generate first.", "Beregn deler av det med generate først."),
            span=span,
        )
    return depth


def _required(item: ast.Expr | _Operand) -> ast.Expr:
    return item.node if isinstance(item, _Operand) else item


class _Builder(Transformer[Token, Any]):
    """Makes nodes of grammar rules; holds no state, so threads may share it."""

    # --- data ---------------------------------------------------------------------------------------------------

    def require(self, items: list[Token]) -> Finish:
        bank, version, alias = items
        number = version.type == "NUMBER"
        which = leaves.number(version, 1, leaves.span_of(version)) if number else leaves.name(version)
        place, target = leaves.name(bank), leaves.name(alias)
        return lambda head: ast.Require(head, place, which, target)

    def one_dataset(self, items: list[Token]) -> Finish:
        names = tuple(leaves.name(item) for item in items)
        return lambda head: ast.Datasets(head, names)

    two_datasets = one_dataset

    def import_variable(self, items: list[Any]) -> Finish:
        variable, date, name, options = items
        register, day, alias = (
            leaves.register_name(variable),
            leaves.date(date),
            None if name is None else leaves.name(name),
        )
        return lambda head: ast.Import(head, register, day, alias, options or ())

    def variables(self, items: list[Token]) -> Finish:
        names = tuple(
            leaves.register_name(item) if item.type == "REGISTER_NAME" else leaves.name(item) for item in items
        )
        return lambda head: ast.Variables(head, names)

    # --- preparation --------------------------------------------------------------------------------------------

    def assignment(self, items: list[Any]) -> Finish:
        target, value, condition = leaves.name(items[0]), _required(items[1]), items[2]
        return lambda head: ast.Assignment(head, target, value, condition)

    def subset_variables(self, items: list[Token]) -> Finish:
        names = tuple(leaves.name(item) for item in items)
        return lambda head: ast.Subset(head, names, None)

    def subset_rows(self, items: list[ast.Expr]) -> Finish:
        return lambda head: ast.Subset(head, (), items[0])

    def rename(self, items: list[Token]) -> Finish:
        old, new = (leaves.name(item) for item in items)
        return lambda head: ast.Rename(head, old, new)

    def destring(self, items: list[Any]) -> Finish:
        names = tuple(leaves.name(item) for item in items[:-1])
        return lambda head: ast.Destring(head, names, items[-1] or ())

    def recode(self, items: list[Any]) -> Finish:
        variables, condition, options = items[0], items[-2], items[-1]
        rules = tuple(items[1:-2])
        return lambda head: ast.Recode(head, variables, rules, condition, options or ())

    def recode_rule(self, items: list[Any]) -> ast.RecodeRule:
        opening, matches, new, label, flag, closing = items
        text = None if label is None else leaves.string(label)
        place = _between(leaves.span_of(opening), leaves.span_of(closing))
        return ast.RecodeRule(matches, new, text, flag is not None, place)

    def recode_listed(self, items: list[ast.Number | ast.String | ast.RecodeRange]) -> tuple[object, ...]:
        return tuple(items)

    def recode_word(self, items: list[Token]) -> str:
        return str(items[0])

    def recode_range(self, items: list[ast.Number | Token]) -> ast.RecodeRange:
        low, high = items
        ends = [leaves.span_of(item) if isinstance(item, Token) else item.span for item in items]
        place = _between(ends[0], ends[1])
        if (isinstance(low, Token) and low.type == "MAX_WORD") or (isinstance(high, Token) and high.type == "MIN_WORD"):
            raise _reversed_range(place)
        first = None if isinstance(low, Token) else low.value
        last = None if isinstance(high, Token) else high.value
        if first is not None and last is not None and first > last:
            raise _reversed_range(place)
        return ast.RecodeRange(first, last, place)

    def define_labels(self, items: list[Any]) -> Finish:
        codelist, pairs = leaves.name(items[0]), tuple(items[1:])
        return lambda head: ast.DefineLabels(head, codelist, pairs)

    def label_pair(self, items: list[Any]) -> tuple[ast.Number | ast.String, str]:
        return items[0], leaves.label(items[1])

    def assign_labels(self, items: list[Token]) -> Finish:
        variable, codelist = (leaves.name(item) for item in items)
        return lambda head: ast.AssignLabels(head, variable, codelist)

    def drop_labels(self, items: list[Token]) -> Finish:
        names = tuple(leaves.name(item) for item in items)
        return lambda head: ast.DropLabels(head, names)

    def list_labels(self, items: list[Any]) -> Finish:
        first = items[0]
        target = leaves.register_name(first) if first.type == "REGISTER_NAME" else leaves.name(first)
        day = leaves.date(items[1]) if len(items) > 1 else None
        return lambda head: ast.ListLabels(head, target, day)

    # --- support ------------------------------------------------------------------------------------------------

    def help(self, items: list[Token | None]) -> Finish:
        word = items[0]
        command = None if word is None else leaves.name(word)
        return lambda head: ast.Help(head, command)

    def history(self, items: list[Token]) -> Finish:
        return ast.History

    # --- analysis -----------------------------------------------------------------------------------------------

    def analysis(self, items: list[Any]) -> Finish:
        terms, condition, options = tuple(items[:-2]), items[-2], items[-1]
        return lambda head: ast.Analysis(head, terms, (), condition, options or ())

    def grouped_analysis(self, items: list[Any]) -> Finish:
        terms, by, condition, options = tuple(items[:-3]), items[-3], items[-2], items[-1]
        return lambda head: ast.Analysis(head, terms, by, condition, options or ())

    def names(self, items: list[Token]) -> tuple[ast.Name, ...]:
        return tuple(leaves.name(item) for item in items)

    def term(self, items: list[Any]) -> ast.Term:
        factors = tuple(items[::2])
        signs = {str(item) for item in items[1::2]}
        place = _between(factors[0].span, factors[-1].span)
        if len(signs) > 1:
            raise ScriptSyntaxError(
                "MIXED_INTERACTION",
                Text("One term has both # and ##.", "Ett ledd har både # og ##."),
                hint=Text("Use the same sign throughout the term.", "Bruk samme tegn i hele leddet."),
                span=place,
            )
        return ast.Term(factors, signs == {"##"}, place)

    def factor(self, items: list[Token]) -> ast.Factor:
        (token,) = items
        name = leaves.name(token).text
        if token.type == "NAME":
            return ast.Factor(name, "plain", leaves.span_of(token))
        return ast.Factor(name[2:], "i" if name.startswith("i") else "c", leaves.span_of(token))

    def condition(self, items: list[Any]) -> ast.Expr:
        return _required(items[0])

    def options(self, items: list[ast.Option]) -> tuple[ast.Option, ...]:
        return tuple(items)

    def option(self, items: list[Any]) -> ast.Option:
        name = leaves.name(items[0])
        place = _between(name.span, leaves.span_of(items[-1]))
        return ast.Option(name.text, tuple(items[1:-1]), True, place)

    def plain_option(self, items: list[Token]) -> ast.Option:
        name = leaves.name(items[0])
        return ast.Option(name.text, (), False, name.span)

    # --- expressions --------------------------------------------------------------------------------------------

    def binary(self, items: list[Any]) -> _Operand:
        left, sign, right = _operand(items[0]), items[1], _operand(items[2])
        place = _between(left.span, right.span)
        chain = CHAINS.get(sign)
        weight = OPERATOR_WEIGHTS.get(sign, 1)
        below = left.depth - weight if chain is not None and left.chain == chain else left.depth
        depth = _deepened(weight + max(below, right.depth), place)
        return _Operand(ast.Binary(_operator(sign), left.node, right.node, place), depth, place, chain)

    def unary(self, items: list[Any]) -> _Operand:
        sign, operand = items[0], _operand(items[1])
        place = _between(leaves.span_of(sign), operand.span)
        operator: Literal["-", "!"] = "-" if sign == "-" else "!"
        return _Operand(
            ast.Unary(operator, operand.node, place),
            _deepened(OPERATOR_WEIGHTS.get(sign, 1) + operand.depth, place),
            place,
            None,
        )

    def call(self, items: list[Any]) -> _Operand:
        function, arguments = leaves.name(items[0]), [_operand(item) for item in items[1:-1]]
        place = _between(function.span, leaves.span_of(items[-1]))
        depth = _deepened(CALL_WEIGHT + max((argument.depth for argument in arguments), default=0), place)
        return _Operand(ast.Call(function, tuple(argument.node for argument in arguments), place), depth, place, None)

    def parenthesised(self, items: list[Any]) -> _Operand:
        opening, inner, closing = items[0], _operand(items[1]), items[2]
        place = _between(leaves.span_of(opening), leaves.span_of(closing))
        return _Operand(inner.node, _deepened(1 + inner.depth, place), place, None)

    def name(self, items: list[Token]) -> ast.Name:
        return leaves.name(items[0])

    def unsigned_number(self, items: list[Token]) -> ast.Number:
        return leaves.number(items[0], 1, leaves.span_of(items[0]))

    def number(self, items: list[Token | None]) -> ast.Number:
        minus, digits = items
        assert digits is not None
        span = leaves.span_of(digits)
        return (
            leaves.number(digits, 1, span)
            if minus is None
            else leaves.number(digits, -1, _between(leaves.span_of(minus), span))
        )

    def string(self, items: list[Token]) -> ast.String:
        return leaves.string(items[0])

    def missing(self, items: list[Token]) -> ast.Missing:
        return ast.Missing(leaves.span_of(items[0]))


def builder() -> Transformer[Token, Any]:
    """Return what the parser calls with every rule that it has recognised."""
    return _Builder()


def _operator(sign: str) -> Any:
    return str(sign)


def _reversed_range(span: Span) -> GrilleError:
    return ScriptSyntaxError(
        "REVERSED_RANGE",
        Text("The range ends before it begins.", "Intervallet slutter før det begynner."),
        hint=Text("Write the lower limit first, as in 1/5.", "Skriv nedre grense først, som i 1/5."),
        span=span,
    )
