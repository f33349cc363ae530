"""import: add a register variable at a date to the active data set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from grille.server.blocks import Block
from grille.server.catalog.model import RegisterVariable
from grille.server.commands.base import Bound, CommandSpec, OptionSpec, Outcome, Workspace
from grille.server.commands.facts import note_missing
from grille.server.commands.import_dates import check_date, day_number, labels_on
from grille.server.commands.lookup import (
    active_dataset,
    bank_alias,
    new_name,
    register_variable,
    with_dataset,
)
from grille.server.commands.options import Options, check_options
from grille.server.commands.preparation import (
    NOBODY,
    PREPARATION,
    count_units,
    highest,
    present_status,
    touch,
    with_frame,
    with_missing,
    without,
)
from grille.server.commands.scope import DataSet, Link, Scope, Variable
from grille.server.disclosure.evidence import StatusEvidence, Touch
from grille.server.disclosure.rules.condition import Effect, is_few
from grille.server.engines.base import Frame, Source
from grille.server.errors import Span, TypeMismatchError
from grille.server.language import ast
from grille.server.plan.expressions import Apply, ColumnRef, Constant, Expression, ValueType
from grille.server.plan.steps import negated
from grille.server.text import Text

How = Literal["left", "outer", "inner"]

_JOINING = Text("Joining by `outer_join`", "Å komme med ved `outer_join`")
_LEAVING = Text("Leaving by `inner_join`", "Å gå ut ved `inner_join`")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to import: the data set, the source, the new variable, and which units remain."""

    dataset: str
    source: Source
    column: str
    how: How
    text: Text


class Import:
    """The command."""

    spec = CommandSpec(
        name="import",
        group=PREPARATION,
        summary=Text("Add a register variable at a date", "Hent en registervariabel på en dato"),
        syntax="import ALIAS/VARIABLE [DATE] [as NAME] [, OPTIONS]",
        options=(
            OptionSpec(
                "outer_join",
                "outer_join",
                Text("units that are new join the data set", "enheter som er nye, kommer med i datasettet"),
            ),
            OptionSpec(
                "inner_join",
                "inner_join",
                Text("units without a value leave the data set", "enheter uten verdi går ut av datasettet"),
            ),
            OptionSpec(
                "values",
                "values(CODE ...)",
                Text(
                    "read these codes alone, those of few units left out; * at the end stands for any ending",
                    "les bare disse kodene, uten dem få enheter har; * til slutt står for enhver slutt",
                ),
            ),
        ),
        examples=(
            "import db/BEFOLKNING_KJOENN as sex",
            "import db/INNTEKT_LONN 2022-12-31 as wage",
            "import db/NUDB_BU 2022-10-01 as education, values('7*' '8*') inner_join",
        ),
        details=Text(
            "The first import defines the population: every unit with a value. Later imports add no units, and units "
            "without a value get a missing one. A fixed variable takes no date; the others need one. A cross-section "
            "variable takes its own measuring days only. All variables of a data set have one unit type.",
            "Den første importen bestemmer populasjonen: alle enheter med en verdi. Senere importer legger ikke til "
            "enheter, og enheter uten verdi får manglende verdi. En fast variabel tar ingen dato; de andre trenger "
            "en. En "
            "tverrsnittsvariabel tar bare sine egne måledager. Alle variabler i et datasett har én enhetstype.",
        ),
    )

    def bind(self, node: ast.Command, scope: Scope) -> Bound:
        """Look up the register variable and check date, name, unit type and options."""
        if not isinstance(node, ast.Import):
            raise TypeError("not import")
        dataset = active_dataset(scope, node.head.name_span)
        link, register = register_variable(scope, node.variable)
        date = check_date(register, node.date, node.variable.span)
        name = node.name or ast.Name(node.variable.variable, node.variable.span)
        column = new_name(scope, name.text, name.span)
        _check_units(dataset, link, register, node.variable.span)
        options = check_options(self.spec, node.options)
        source = Source(
            bank=bank_alias(link.bank),
            table=register.table,
            unit_type=register.unit_type,
            type=register.value_type,
            temporality=register.temporality,
            day=None if date is None else day_number(date),
            values=_values(options, register),
        )
        variable = Variable(
            name=column,
            type=register.value_type,
            title=register.title,
            labels=labels_on(register, date),
            documented=bool(register.codes),
            lineage=frozenset((f"{link.bank.name}/{register.name}" + ("" if date is None else f"@{date}"),)),
            sensitivity=register.sensitivity,
        )
        after = replace(
            dataset,
            variables={**dataset.variables, column: variable},
            unit_type=register.unit_type,
            bank=link.bank.name,
            sensitivity=highest((dataset.sensitivity, register.sensitivity)),
        )
        plan = Plan(dataset.name, source, column, _how(options), _status(column, dataset.name))
        return Bound(self.spec.name, plan, with_dataset(scope, after))

    def compute(self, plan: Any, workspace: Workspace) -> Outcome:
        """Read the variable; count the units and those without a value."""
        workspace.progress("reading")
        outcome = self._read(plan, workspace)
        common = common_values(plan.source, plan.column, outcome.frames[plan.dataset], workspace)
        if common != plan.source.values:
            outcome = self._read(replace(plan, source=replace(plan.source, values=common)), workspace)
        return outcome

    def _read(self, plan: Plan, workspace: Workspace) -> Outcome:
        engine, before = workspace.engine, workspace.frames[plan.dataset]
        value = ColumnRef(plan.column, plan.source.type)
        touched: tuple[Touch, ...] = ()
        if before.rows is None:
            frame = engine.import_first(plan.source, plan.column)
            counts = with_missing(engine, frame, value)
        elif plan.how == "outer":
            frame = engine.import_next(before, plan.source, plan.column, "outer")
            counts = with_missing(engine, frame, value)
            new = without(counts["units"], count_units(engine, before))
            touched = (touch(workspace, new, counts["units"], _JOINING),)
            if touched[0].effect == Effect.NOBODY:
                frame = engine.import_next(before, plan.source, plan.column, "left")
                counts = with_missing(engine, frame, value)
        else:
            frame = engine.import_next(before, plan.source, plan.column, "left")
            counts = with_missing(engine, frame, value)
            if plan.how == "inner":
                touched = (touch(workspace, counts["missing"], counts["units"], _LEAVING),)
                if touched[0].effect != Effect.NOBODY:
                    frame = engine.filter(frame, negated(Apply("sysmiss", (value,), ValueType.NUMBER)))
                    counts = {"units": touched[0].left, "missing": NOBODY}
        note_missing(workspace, frame, plan.column, counts["missing"])
        evidence = StatusEvidence("imported", plan.text, counts, population=counts["units"], touched=touched)
        return Outcome(evidence, with_frame(workspace, plan.dataset, frame))

    def present(self, content: Any) -> tuple[Block, ...]:
        """Show the status sentence."""
        return present_status(content)


def common_values(source: Source, column: str, frame: Frame, workspace: Workspace) -> tuple[str, ...] | None:
    """Return the codes of `values` without those that few units have, unless these are many together.

    Otherwise one more rare code adds one unit to the population, and two populations differ in a person.
    """
    values = source.values
    if values is None or len(values) < 2 or not workspace.policy.protects:
        return values
    kept: list[str] = []
    rare: list[str] = []
    for value in values:
        found = count_units(workspace.engine, frame, _has_code(column, source.type, value))
        (rare if is_few(found, workspace.policy.condition_min) else kept).append(value)
    together = [_has_code(column, source.type, value) for value in rare]
    if len(rare) > 1:
        either = Apply("or", tuple(together), ValueType.NUMBER)
        if not is_few(count_units(workspace.engine, frame, either), workspace.policy.condition_min):
            return values
    return tuple(kept) if kept else values


def _has_code(column: str, kind: ValueType, value: str) -> Expression:
    held = ColumnRef(column, kind)
    text: Expression = held if kind is ValueType.STRING else Apply("string", (held,), ValueType.STRING)
    beginning = value.endswith("*")
    code = Constant(value.removesuffix("*") if beginning else value, ValueType.STRING)
    return Apply("startswith" if beginning else "equal", (text, code), ValueType.NUMBER)


def _check_units(dataset: DataSet, link: Link, register: RegisterVariable, span: Span) -> None:
    if dataset.unit_type is None:
        return
    if dataset.unit_type != register.unit_type:
        raise TypeMismatchError(
            "UNIT_TYPE_MISMATCH",
            Text(
                f"{register.name} has unit type {register.unit_type}, `{dataset.name}` has {dataset.unit_type}.",
                f"{register.name} har enhetstype {register.unit_type}, `{dataset.name}` har {dataset.unit_type}.",
            ),
            hint=Text("Import it into a data set of its own.", "Importer den i et eget datasett."),
            span=span,
        )
    if dataset.bank != link.bank.name:
        raise TypeMismatchError(
            "BANK_MISMATCH",
            Text(
                f"The units of `{dataset.name}` come from the data bank {dataset.bank}.",
                f"Enhetene i `{dataset.name}` kommer fra databanken {dataset.bank}.",
            ),
            hint=Text(
                "Variables of two banks cannot stand in one data set.",
                "Variabler fra to banker kan ikke stå i ett datasett.",
            ),
            span=span,
        )


def _how(options: Options) -> How:
    options.exclusive("outer_join", "inner_join")
    if options.flag("outer_join"):
        return "outer"
    return "inner" if options.flag("inner_join") else "left"


def _values(options: Options, register: RegisterVariable) -> tuple[str, ...] | None:
    codes = options.codes("values")
    if codes is None or register.value_type is ValueType.STRING:
        return codes
    if register.value_type is ValueType.KEY or not all(_is_number(code) for code in codes):
        raise TypeMismatchError(
            "VALUES_NOT_ALLOWED",
            Text(
                f"`values()` does not fit the values of {register.name}.",
                f"`values()` passer ikke til verdiene av {register.name}.",
            ),
            hint=Text("A numeric variable takes numbers.", "En numerisk variabel tar tall."),
            span=options.given["values"].span,
        )
    return codes


def _is_number(code: str) -> bool:
    digits = code.removesuffix("*").removeprefix("-")
    return digits.replace(".", "", 1).isdecimal() and digits.isascii()


def _status(column: str, dataset: str) -> Text:
    return Text(
        f"{column} in {dataset}: {{units}} units, {{missing}} without a value.",
        f"{column} i {dataset}: {{units}} enheter, {{missing}} uten verdi.",
    )


COMMAND = Import()
