"""`grille variables`: what may be imported, from the published metadata of the banks."""

from __future__ import annotations

from collections.abc import Iterable

from grille.client.connection import connected
from grille.client.environment import Environment
from grille.client.exits import Exit
from grille.client.render.listing import Listing, listing_lines
from grille.client.render.style import Style, clean, wrapped
from grille.client.words import Words, language_of, pick
from grille.v1.catalog_pb2 import Code, ListVariablesRequest, RegisterVariable


def variables(environment: Environment, pattern: str, project: str | None, words: Words) -> Exit:
    """Print the variables whose name or title holds a pattern; one exact name shows its dates and code list too.

    Returns FAILED when no variable matches.
    """
    request = ListVariablesRequest(pattern=pattern, project=project or "", language=language_of(words))
    with connected(environment, words) as connection:
        found = connection.call(connection.catalog.ListVariables, request).variables
    if not found:
        told = pick(words, "No variable matches {0}\n", "Ingen variabel passer med {0}\n")
        environment.stderr.write(told.format(repr(pattern)))
        return Exit.FAILED
    exact = [one for one in found if one.name.lower() == pattern.lower()]
    single = exact[0] if len(exact) == 1 else found[0] if len(found) == 1 else None
    style = Style(environment.colours)
    lines = _one(single, environment, words, style) if single else _many(found, environment, words, style)
    environment.stdout.write("\n".join(lines) + "\n")
    return Exit.OK


def _many(found: Iterable[RegisterVariable], environment: Environment, words: Words, style: Style) -> list[str]:
    lines: list[str] = []
    banks: dict[tuple[str, int], list[RegisterVariable]] = {}
    for one in found:
        banks.setdefault((one.bank, one.version), []).append(one)
    heads = pick(words, "Name|Title|Unit|Temporality|Type|Valid", "Navn|Tittel|Enhet|Temporalitet|Type|Gyldig").split(
        "|"
    )
    for (bank, version), members in banks.items():
        rows = [[v.name, v.title, v.unit_type, v.temporality, v.data_type, period(v)] for v in members]
        lines += [""] if lines else []
        lines += listing_lines(f"{bank}:{version}", Listing(heads, rows), environment.width, words, style)
    return lines


def _one(variable: RegisterVariable, environment: Environment, words: Words, style: Style) -> list[str]:
    facts = [
        (pick(words, "Bank", "Bank"), f"{variable.bank}:{variable.version}"),
        (pick(words, "Description", "Beskrivelse"), variable.description),
        (pick(words, "Population", "Populasjon"), variable.population),
        (pick(words, "Subjects", "Emner"), ", ".join(variable.subjects)),
        (pick(words, "Unit type", "Enhetstype"), variable.unit_type),
        (pick(words, "Temporality", "Temporalitet"), variable.temporality),
        (pick(words, "Type", "Type"), variable.data_type),
        (pick(words, "Values are", "Verdiene er"), variable.value_unit_type),
        (pick(words, "Measured in", "Målt i"), variable.unit_of_measure),
        (pick(words, "Sensitivity", "Sensitivitet"), variable.sensitivity_level),
        (pick(words, "Valid", "Gyldig"), period(variable)),
        (pick(words, "Status dates", "Statusdatoer"), "  ".join(variable.status_dates)),
    ]
    lines = [style.bold(line) for line in wrapped(clean(f"{variable.name}: {variable.title}"), environment.width)]
    width = max(len(head) for head, _ in facts)
    for head, value in facts:
        if value:
            first, *rest = wrapped(clean(value), environment.width - width - 2)
            lines += [f"{head:<{width}}  {first}", *(f"{'':<{width}}  {line}" for line in rest)]
    if variable.codes:
        heads = pick(words, "Code|Label|Valid|Missing value", "Kode|Etikett|Gyldig|Manglende verdi").split("|")
        yes = pick(words, "yes", "ja")
        rows = [[code.code, code.label, period(code), yes if code.missing else ""] for code in variable.codes]
        used = [column for column in range(len(heads)) if column < 2 or any(row[column] for row in rows)]
        heads, rows = [heads[column] for column in used], [[row[column] for column in used] for row in rows]
        lines += ["", *listing_lines("", Listing(heads, rows), environment.width, words, style)]
    return lines


def period(one: RegisterVariable | Code) -> str:
    """Return the dates between which a variable has data or a code is in use; empty when there is no limit."""
    if not one.valid_from and not one.valid_until:
        return ""
    return f"{one.valid_from}\u00a0–\u00a0{one.valid_until}".rstrip("\u00a0")
