"""The words of the language: which command has which shape, and which commands the model language has beyond ours.

A new analysis command needs a line in `SHAPES` and nothing in the grammar.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SHAPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "require": "require",
        "create-dataset": "one_dataset",
        "use": "one_dataset",
        "delete-dataset": "one_dataset",
        "rename-dataset": "two_datasets",
        "clone-dataset": "two_datasets",
        "import": "import_variable",
        "generate": "assignment",
        "replace": "assignment",
        "recode": "recode",
        "keep": "subset",
        "drop": "subset",
        "rename": "rename",
        "destring": "destring",
        "define-labels": "define_labels",
        "assign-labels": "assign_labels",
        "drop-labels": "drop_labels",
        "list-labels": "list_labels",
        "variables": "variables",
        "help": "help",
        "history": "history",
        "tabulate": "analysis",
        "summarize": "analysis",
        "correlate": "analysis",
        "ci": "analysis",
        "normaltest": "analysis",
        "anova": "analysis",
        "boxplot": "analysis",
        "histogram": "analysis",
        "regress": "analysis",
        "regress-predict": "analysis",
        "regress-mml": "grouped_analysis",
        "coefplot": "nested",
        "regress-mml-predict": "grouped_analysis",
    }
)
"""Start rule of grammar.lark per command, or NESTED."""

NESTED: Final = "nested"
"""Shape of a command that has another whole command after its name."""

INNER: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({"coefplot": ("regress", "regress-mml")})
"""The commands that may stand inside a command of the shape NESTED."""

TEXTBLOCK: Final = "textblock"
ENDBLOCK: Final = "endblock"

COMMANDS: Final[frozenset[str]] = frozenset(SHAPES) | {TEXTBLOCK}
"""Every command that can be written."""

NOT_OFFERED: Final[frozenset[str]] = frozenset(
    (
        *("aggregate", "barchart", "clear", "clone-units", "clone-variables", "collapse"),
        *("configure", "cox", "edit", "end", "for", "hausman", "help-function", "hexbin", "import-event"),
        *("import-panel", "ivregress", "ivregress-predict", "kaplan-meier", "let", "load", "logit", "logit-predict"),
        *("merge", "mlogit", "mlogit-predict", "negative-binomial", "negative-binomial-predict"),
        *("oaxaca", "piechart", "poisson", "poisson-predict", "probit", "probit-predict", "rdd"),
        *("regress-panel", "regress-panel-diff", "regress-panel-predict"),
        *("reshape-from-panel", "reshape-to-panel", "sample", "sankey", "save", "summarize-panel", "tabulate-panel"),
        *("transitions-panel", "weibull"),
    )
)
"""Commands of the model language that this server does not offer yet."""

RESERVED: Final[frozenset[str]] = frozenset({"if"})
"""Words that cannot be names."""
