"""The auditor's overview of a home: records of its log, and sets of its ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Set
from typing import Any

from grille.server.audit.chain import BadLineError, unseal
from grille.server.audit.files import Files, read_lines
from grille.server.audit.overview.model import NearPair, Overview, ReleasedSet
from grille.server.audit.overview.summary import overview_of
from grille.server.catalog.banks import list_banks
from grille.server.disclosure.ledger import Ledger, LedgerEntry
from grille.server.disclosure.set_index import close_to_each_other, identity
from grille.server.disclosure.sketch import CAPACITY
from grille.server.operations.home import Home
from grille.server.operations.registry import Project, Registry

MOST_COMPARED = 2_000
LEAST_COMPARED = 100  # units: smaller sets are cells of tables, which lie close by nature


def home_overview(home: Home, ledger: Ledger, projects: Set[str] | None = None, user: str = "") -> Overview:
    """Return the overview of a home; the server may be running.

    Args:
        home: The home.
        ledger: Its ledger, opened.
        projects: Only these projects; None means all.
        user: Only this user's commands; empty means all.

    Raises:
        UnknownNameError: UNKNOWN_PROJECT.
    """
    registry = Registry(home.control)
    try:
        known = registry.projects() if projects is None else [registry.project(name) for name in sorted(projects)]
    finally:
        registry.close()
    released: list[ReleasedSet] = []
    near: list[NearPair] = []
    for one in known:
        for bank, unit_type in _scopes(home, one):
            entries = list(ledger.entries(one.name, bank, unit_type))
            released += [_released(one.name, entry) for entry in entries]
            near += _near(one.name, bank, unit_type, entries)
    return overview_of(log_fields(home), released, near, projects=projects, user=user)


def log_fields(home: Home) -> Iterator[dict[str, Any]]:
    """Yield the fields of every record of the log that is whole, in order."""
    for _, path in Files(home.audit).segments():
        for line, is_whole in read_lines(path):
            if is_whole:
                try:
                    yield dict(unseal(line).fields)
                except BadLineError:
                    continue  # `audit verify` tells of it


def set_digest(sketch: tuple[int, ...]) -> str:
    """Return the digest by which audit records name a set: SHA-256 of the words of its sketch, hex."""
    return hashlib.sha256(b"".join(word.to_bytes(8, "big") for word in sketch)).hexdigest()


def _scopes(home: Home, project: Project) -> Iterator[tuple[str, str]]:
    banks = list_banks(home.banks)
    for bank in project.banks:
        types = {
            kind
            for metadata in banks.get(bank, {}).values()
            for variable in metadata.variables.values()
            for kind in (variable.unit_type, variable.value_unit_type)
            if kind is not None
        }
        for unit_type in sorted(types):
            yield bank, unit_type


def _released(project: str, entry: LedgerEntry) -> ReleasedSet:
    one = entry.analysis_set
    return ReleasedSet(
        project,
        one.bank,
        one.unit_type,
        set_digest(one.sketch),
        one.label,
        entry.released_at,
        one.units.n,
        entry.partition,
    )


def _near(project: str, bank: str, unit_type: str, entries: list[LedgerEntry]) -> list[NearPair]:
    """Return the pairs of the latest sets that differ by fewer than twelve units: sketches tell no more."""
    large = [one.analysis_set for one in entries if one.analysis_set.units.n >= LEAST_COMPARED]
    latest = list({set_digest(one.sketch): one for one in large}.items())[-MOST_COMPARED:]
    beside = close_to_each_other([identity(one.units, one.sketch) for _, one in latest], CAPACITY)
    pairs = ((latest[row][0], latest[other][0]) for row, others in enumerate(beside) for other in others)
    return [NearPair(project, bank, unit_type, pair) for pair in pairs]
