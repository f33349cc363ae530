"""tabulate: frequencies, shares, or statistics of a variable over the categories of one to three variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from grille.server.blocks import Block
from grille.server.commands.analysis import categorical, condition, numeric, plain_terms
from grille.server.commands.base import Bound, CommandSpec, OptionSpec, Outcome, Workspace
from grille.server.commands.cube import add, cells_of, margins
from grille.server.commands.describe import Description, describe
from grille.server.commands.facts import reference
from grille.server.commands.lookup import populated_dataset
from grille.server.commands.options import Options, check_options
from grille.server.commands.scope import Scope, Variable
from grille.server.commands.sets import SET_MEASURES, whole_set
from grille.server.commands.tables import TableView, count_tables, statistic_tables
from grille.server.disclosure.evidence import CountEvidence
from grille.server.disclosure.released import ReleasedCounts, ReleasedMagnitudes
from grille.server.engines.base import Frame
from grille.server.errors import TypeMismatchError
from grille.server.language.ast import Analysis
from grille.server.language.ast import Command as Node
from grille.server.language.model_figures import model_variable
from grille.server.plan.aggregates import Aggregation
from grille.server.plan.expressions import Expression
from grille.server.text import Text

MOST_VARIABLES = 3
PERCENTILES = {"p25": 0.25, "p50": 0.5, "p75": 0.75}
STATISTICS = ("mean", "std", "sum", "p25", "p50", "p75", "gini", "iqr")
SHARES = ("rowpct", "colpct", "cellpct")


@dataclass(frozen=True, slots=True)
class Plan:
    """A bound tabulate: data set, variables in order (last across), condition, view, and the variable summarised."""

    dataset: str
    variables: tuple[Variable, ...]
    where: Expression | None
    missing: bool
    summarized: Variable | None
    view: TableView


class Tabulate:
    """The command."""

    spec = CommandSpec(
        name="tabulate",
        group=Text("Statistics", "Statistikk"),
        summary=Text(
            "Frequency table of one to three categorical variables", "Frekvenstabell over én til tre variabler"
        ),
        syntax="tabulate VARIABLES [if CONDITION] [, OPTIONS]",
        options=(
            OptionSpec("missing", "missing", Text("missing values are a category", "manglende verdier er en kategori")),
            OptionSpec("nolabels", "nolabels", Text("codes without labels", "koder uten etiketter")),
            OptionSpec("freq", "freq", Text("frequencies (the default)", "frekvenser (standard)")),
            OptionSpec("rowpct", "rowpct", Text("percent of the row", "prosent av raden")),
            OptionSpec("colpct", "colpct", Text("percent of the column", "prosent av kolonnen")),
            OptionSpec("cellpct", "cellpct", Text("percent of the table", "prosent av tabellen")),
            OptionSpec(
                "summarize",
                "summarize(VARIABLE)",
                Text("statistics of a numeric variable in each cell", "mål for en numerisk variabel i hver celle"),
            ),
            OptionSpec("mean", "mean", Text("mean (default with summarize)", "gjennomsnitt (standard med summarize)")),
            OptionSpec("std", "std", Text("standard deviation", "standardavvik")),
            OptionSpec("sum", "sum", Text("sum", "sum")),
            OptionSpec("p25", "p25", Text("25th percentile", "25-prosentil")),
            OptionSpec("p50", "p50", Text("median", "median")),
            OptionSpec("p75", "p75", Text("75th percentile", "75-prosentil")),
            OptionSpec("gini", "gini", Text("Gini coefficient", "Gini-koeffisient")),
            OptionSpec("iqr", "iqr", Text("interquartile range", "kvartilbredde")),
        ),
        examples=(
            "tabulate county sex, rowpct freq",
            "tabulate county, summarize(wage) p50 std",
            "tabulate education sex if age >= 30, missing",
        ),
        details=Text(
            "The last variable stands across, the others down the side. Counts carry noise and small cells are "
            "withheld; totals carry noise of their own, so cells need not add up to them. Rows with a missing value "
            "are left out unless `missing` is given.",
            "Siste variabel står bortover, de andre nedover. Antall har støy og små celler vises ikke; summene har "
            "egen støy, så cellene trenger ikke å summere seg til dem. Rader med manglende verdi er ikke med uten "
            "`missing`.",
        ),
    )

    def bind(self, node: Node, scope: Scope) -> Bound:
        """Check variables and options; see Command.bind."""
        node = cast(Analysis, node)
        dataset = populated_dataset(scope, node.head.name_span)
        names = plain_terms(node, least=1, most=MOST_VARIABLES)
        variables = tuple(categorical(scope, name) for name in names)
        options = check_options(self.spec, node.options)
        summarized = self._summarized(options, scope)
        statistics = tuple(name for name in STATISTICS if options.flag(name))
        shares = tuple(name for name in SHARES if options.flag(name))
        self._check(node, options, summarized, statistics, shares, len(variables))
        if summarized is not None:
            shown = (statistics or ("mean",)) + (("freq",) if options.flag("freq") else ())
        else:
            shown = (("freq",) if options.flag("freq") or not shares else ()) + shares
        view = TableView(shown, options.flag("nolabels"), summarized.title if summarized else None)
        plan = Plan(
            dataset.name, variables, condition(node.condition, dataset), options.flag("missing"), summarized, view
        )
        return Bound("tabulate", plan, scope)

    def _summarized(self, options: Options, scope: Scope) -> Variable | None:
        names = options.names("summarize", most=1)
        return numeric(scope, names[0], from_model=True) if names else None

    def _check(
        self,
        node: Analysis,
        options: Options,
        summarized: Variable | None,
        statistics: tuple[str, ...],
        shares: tuple[str, ...],
        dimensions: int,
    ) -> None:
        if statistics and summarized is None:
            raise TypeMismatchError(
                "OPTION_NEEDS_ANOTHER",
                Text(
                    f"`{statistics[0]}` needs `summarize(VARIABLE)`.",
                    f"`{statistics[0]}` krever `summarize(VARIABEL)`.",
                ),
                span=options.given[statistics[0]].span,
            )
        if shares and summarized is not None:
            raise TypeMismatchError(
                "OPTIONS_EXCLUDE",
                Text(
                    f"The options `{shares[0]}` and `summarize` exclude each other.",
                    f"Valgene `{shares[0]}` og `summarize` utelukker hverandre.",
                ),
                span=options.given[shares[0]].span,
            )
        beyond = [name for name in statistics if name != "mean"]
        if summarized is not None and summarized.from_model and beyond:
            raise model_variable(summarized.name, options.given[beyond[0]].span)
        two_way = [share for share in shares if share != "cellpct"]
        if two_way and dimensions < 2:
            raise TypeMismatchError(
                "OPTION_NEEDS_MORE_VARIABLES",
                Text(f"`{two_way[0]}` needs at least two variables.", f"`{two_way[0]}` krever minst to variabler."),
                hint=Text("For one variable use `cellpct`.", "Bruk `cellpct` for én variabel."),
                span=options.given[two_way[0]].span,
            )

    def compute(self, plan: Plan, workspace: Workspace) -> Outcome:
        """Count, or describe; see Command.compute."""
        frame = workspace.frames[plan.dataset]
        workspace.progress("counting")
        if plan.summarized is None:
            return Outcome(count_evidence(workspace, frame, plan), workspace.frames)
        wanted = {PERCENTILES[name] for name in plan.view.shown if name in PERCENTILES}
        if "iqr" in plan.view.shown:
            wanted |= {0.25, 0.75}
        request = Description(
            command="tabulate",
            variables=(plan.summarized,),
            by=plan.variables,
            where=plan.where,
            missing=plan.missing,
            probabilities=tuple(sorted(wanted)),
            gini="gini" in plan.view.shown,
            sums="sum" in plan.view.shown,
        )
        return Outcome(describe(workspace, frame, request, plan.view), workspace.frames)

    def present(self, content: Any) -> tuple[Block, ...]:
        """Lay the cells out; see Command.present."""
        if isinstance(content, ReleasedCounts):
            return count_tables(content)
        return statistic_tables(cast(ReleasedMagnitudes, content))


def count_evidence(workspace: Workspace, frame: Frame, plan: Plan) -> CountEvidence:
    """Count units over the cells and every margin."""
    by = tuple((variable.name, reference(variable)) for variable in plan.variables)
    complete = () if plan.missing else tuple(expression for _, expression in by)
    groups = workspace.engine.aggregate(frame, Aggregation(by, SET_MEASURES, plan.where, complete))
    cells = cells_of(groups, plan.variables)
    n = groups.measures["n"].astype(np.int64)
    keys = groups.measures["key"].astype(np.uint64)
    every = list(margins(cells))
    return CountEvidence(
        analysis_set=whole_set(frame, "tabulate", groups.measures),
        axes=cells.axes,
        positions=np.concatenate([margin.positions for margin in every]),
        n=np.concatenate([add(n, margin) for margin in every]).astype(np.int64),
        keys=np.concatenate([add(keys, margin) for margin in every]).astype(np.uint64),
        domain_cells=int(np.prod([len(axis.codes) for axis in cells.axes], dtype=np.int64)),
        view=plan.view,
    )


COMMAND = Tabulate()
