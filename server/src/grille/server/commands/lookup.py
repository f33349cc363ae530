"""Finding what a name means in a scope, with errors that point at the place and propose near names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import replace

from grille.server.catalog.model import BankMetadata, RegisterVariable
from grille.server.commands.scope import DataSet, Labels, Link, Scope, Variable
from grille.server.errors import Span, TypeMismatchError, UnknownNameError
from grille.server.language.ast import Name, RegisterName
from grille.server.language.model_figures import model_variable
from grille.server.plan.expressions import ValueType
from grille.server.text import Text

NEAR_NAMES = 3


def near_hint(name: str, candidates: Iterable[str]) -> Text | None:
    """Return the hint "did you mean ..." for a misspelt `name`, or None when nothing is near."""
    known = {candidate.casefold(): candidate for candidate in sorted(candidates)}
    near = difflib.get_close_matches(name.casefold(), list(known), n=NEAR_NAMES, cutoff=0.6)
    if not near:
        return None
    names = ", ".join(f"`{known[one]}`" for one in near)
    return Text(f"Did you mean {names}?", f"Mente du {names}?")


def bank_alias(bank: BankMetadata) -> str:
    """Return the name under which the engine has `bank` attached: name and version."""
    return f"{bank.name}@{bank.version}"


def active_dataset(scope: Scope, span: Span) -> DataSet:
    """Return the active data set; raises UnknownNameError NO_ACTIVE_DATASET when there is none."""
    if scope.active is None:
        raise UnknownNameError(
            "NO_ACTIVE_DATASET",
            Text("No data set is active.", "Ingen datasett er aktivt."),
            hint=Text(
                "Start with `create-dataset NAME`, or choose one with `use NAME`.",
                "Start med `create-dataset NAVN`, eller velg et med `use NAVN`.",
            ),
            span=span,
        )
    return scope.datasets[scope.active]


def populated_dataset(scope: Scope, span: Span) -> DataSet:
    """Return the active data set, which must have a population; raises TypeMismatchError DATASET_EMPTY otherwise."""
    dataset = active_dataset(scope, span)
    if dataset.unit_type is None:
        raise TypeMismatchError(
            "DATASET_EMPTY",
            Text(
                f"The data set `{dataset.name}` has no population yet.",
                f"Datasettet `{dataset.name}` har ingen populasjon ennå.",
            ),
            hint=Text("The first `import` defines the population.", "Den første `import` bestemmer populasjonen."),
            span=span,
        )
    return dataset


def dataset(scope: Scope, name: Name) -> DataSet:
    """Return the data set `name`; raises UnknownNameError UNKNOWN_DATASET."""
    found = scope.datasets.get(name.text)
    if found is None:
        raise UnknownNameError(
            "UNKNOWN_DATASET",
            Text(f"There is no data set `{name.text}`.", f"Det finnes ikke noe datasett `{name.text}`."),
            hint=near_hint(name.text, scope.datasets),
            span=name.span,
        )
    return found


def new_dataset_name(scope: Scope, name: Name) -> str:
    """Return `name` as the name of a data set to be made; raises TypeMismatchError NAME_TAKEN when it is used."""
    if name.text in scope.datasets:
        raise TypeMismatchError(
            "NAME_TAKEN",
            Text(f"A data set `{name.text}` exists already.", f"Datasettet `{name.text}` finnes allerede."),
            hint=Text(
                "Choose another name, or remove the old one with `delete-dataset`.",
                "Velg et annet navn, eller fjern det gamle med `delete-dataset`.",
            ),
            span=name.span,
        )
    return name.text


def variable(scope: Scope, name: str, span: Span) -> Variable:
    """Return the variable `name` of the active data set; raises UnknownNameError UNKNOWN_VARIABLE."""
    dataset = active_dataset(scope, span)
    found = dataset.variables.get(name)
    if found is None:
        raise UnknownNameError(
            "UNKNOWN_VARIABLE",
            Text(
                f"The data set `{dataset.name}` has no variable `{name}`.",
                f"Datasettet `{dataset.name}` har ingen variabel `{name}`.",
            ),
            hint=near_hint(name, dataset.variables),
            span=span,
        )
    return found


def usable_variable(scope: Scope, name: str, span: Span, *, from_model: bool = False) -> Variable:
    """Return a variable whose values may be used.

    Args:
        scope: The scope.
        name: Name of the variable.
        span: Its place.
        from_model: Whether figures of a model may be used here.

    Raises:
        GrilleError: As `variable`; KEY_VARIABLE for a pseudonym, MODEL_VARIABLE for figures of a model.
    """
    found = variable(scope, name, span)
    if found.type is ValueType.KEY:
        raise TypeMismatchError(
            "KEY_VARIABLE",
            Text(
                f"`{name}` is a key variable: its values are units and cannot be used here.",
                f"`{name}` er en nøkkelvariabel: verdiene er enheter og kan ikke brukes her.",
            ),
            hint=Text("A key variable can be renamed and dropped.", "En nøkkelvariabel kan gis nytt navn og fjernes."),
            span=span,
        )
    if found.from_model and not from_model:
        raise model_variable(name, span)
    return found


def unique_names(names: tuple[Name, ...]) -> tuple[Name, ...]:
    """Return `names`; raises TypeMismatchError DUPLICATE_VARIABLE when one is given twice."""
    seen: set[str] = set()
    for name in names:
        if name.text in seen:
            raise TypeMismatchError(
                "DUPLICATE_VARIABLE",
                Text(f"`{name.text}` is given twice.", f"`{name.text}` er gitt to ganger."),
                span=name.span,
            )
        seen.add(name.text)
    return names


def new_name(scope: Scope, name: str, span: Span) -> str:
    """Return `name` as the name of a variable to be made; raises TypeMismatchError NAME_TAKEN when it is used."""
    dataset = active_dataset(scope, span)
    if name in dataset.variables:
        raise TypeMismatchError(
            "NAME_TAKEN",
            Text(
                f"The data set `{dataset.name}` has a variable `{name}` already.",
                f"Datasettet `{dataset.name}` har allerede en variabel `{name}`.",
            ),
            hint=Text(
                "Choose another name, or change the variable with `replace`.",
                "Velg et annet navn, eller endre variabelen med `replace`.",
            ),
            span=span,
        )
    return name


def register_variable(scope: Scope, name: RegisterName) -> tuple[Link, RegisterVariable]:
    """Return the linked bank and the register variable; raises UNKNOWN_ALIAS or UNKNOWN_REGISTER_VARIABLE."""
    link = scope.links.get(name.alias)
    if link is None:
        raise UnknownNameError(
            "UNKNOWN_ALIAS",
            Text(f"No data bank is linked as `{name.alias}`.", f"Ingen databank er koblet til som `{name.alias}`."),
            hint=near_hint(name.alias, scope.links)
            or Text(
                "Link a data bank first: `require BANK:VERSION as ALIAS`.",
                "Koble til en databank først: `require BANK:VERSJON as ALIAS`.",
            ),
            span=name.span,
        )
    found = link.bank.variables.get(name.variable)
    if found is None:
        bank = f"{link.bank.name}:{link.bank.version}"
        raise UnknownNameError(
            "UNKNOWN_REGISTER_VARIABLE",
            Text(
                f"The data bank {bank} has no register variable `{name.variable}`.",
                f"Databanken {bank} har ingen registervariabel `{name.variable}`.",
            ),
            hint=near_hint(name.variable, link.bank.variables)
            or Text("The command `variables` lists what there is.", "Kommandoen `variables` viser hva som finnes."),
            span=name.span,
        )
    return link, found


def codelist(scope: Scope, name: Name) -> Labels:
    """Return the own label list `name`; raises UnknownNameError UNKNOWN_LABEL_LIST."""
    found = scope.codelists.get(name.text)
    if found is None:
        raise UnknownNameError(
            "UNKNOWN_LABEL_LIST",
            Text(f"There is no label list `{name.text}`.", f"Det finnes ingen etikettliste `{name.text}`."),
            hint=near_hint(name.text, scope.codelists)
            or Text("Define it with `define-labels`.", "Definer den med `define-labels`."),
            span=name.span,
        )
    return found


def with_dataset(scope: Scope, dataset: DataSet) -> Scope:
    """Return the scope with `dataset` added or replaced."""
    return replace(scope, datasets={**scope.datasets, dataset.name: dataset})


def with_variable(scope: Scope, dataset: DataSet, added: Variable) -> Scope:
    """Return the scope with a variable of `dataset` added last, or replaced in its place."""
    return with_dataset(scope, replace(dataset, variables={**dataset.variables, added.name: added}))
