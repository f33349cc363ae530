"""The auditor's desk: who may read which records, and a record of every reading."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass

from grille.server.audit.log import AuditLog
from grille.server.audit.overview.model import Overview
from grille.server.audit.reading import Entry, LogReader, Proof
from grille.server.audit.record import AuditRecord, Event
from grille.server.errors import AccessDeniedError, UnknownNameError
from grille.server.execution.audit_filter import AuditFilter, bad_page
from grille.server.execution.desk import Place
from grille.server.execution.interface import Caller
from grille.server.text import Text

_LOOKED_AT = 100_000  # records that one page may look at; the next page goes on from there
_MOST = 1000
_USUAL = 100
_BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    """Records, newest first, and where to go on; empty at the end."""

    entries: tuple[Entry, ...]
    token: str


@dataclass(frozen=True, slots=True)
class Hidden:
    """Consecutive records that the caller may not see: number of the first, and hashes, hex."""

    first: int
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """The log as one auditor may have it.

    Attributes:
        parts: Records, whole or hidden, in their order.
        checkpoints: Lines of the checkpoints, in their order.
        head: The signed head.
    """

    parts: Iterator[Entry | Hidden]
    checkpoints: Iterator[bytes]
    head: bytes


class AuditDesk:
    """Answers auditors. Every method checks the caller's rights itself and records the call before it answers."""

    def __init__(
        self,
        log: AuditLog,
        places: Callable[[Caller], Sequence[Place]],
        overview: Callable[[Set[str], str], Overview],
    ) -> None:
        """Compose the desk.

        Args:
            log: The log, read and written.
            places: Memberships of a caller, also in ended projects; raises AccessDeniedError for certificates that are
                not in force.
            overview: Makes the overview of projects, for one user when one is named.
        """
        self._log = log
        self._overview = overview
        self._places = places
        self._reader = LogReader(log.directory)

    def page(self, caller: Caller, asked: AuditFilter, size: int, token: str) -> Page:
        """Return a page of records; raises NOT_AN_AUDITOR, BAD_FILTER."""
        audited = self._audited(caller)
        asked = asked.check()
        if asked.project and asked.project not in audited:
            raise _not_an_auditor()
        newest = self._log.sequence
        if token and not (token.isascii() and token.isdecimal() and len(token) < 16 and 0 < int(token) <= newest):
            raise bad_page()
        self._note(caller, "list", asked.said(), asked.project)
        wanted, found = min(size, _MOST) if size > 0 else _USUAL, list[Entry]()
        upto = int(token) if token else newest
        lowest = upto + 1
        for number, entry in itertools.islice(self._reader.newest_first(upto, asked.parts()), _LOOKED_AT):
            lowest = number
            if entry is not None and _visible(entry, audited) and asked.holds(entry.fields):
                found.append(entry)
                if len(found) == wanted:
                    break
        return Page(tuple(found), str(lowest - 1) if lowest > 1 else "")

    def proof(self, caller: Caller, sequence: int) -> Proof:
        """Return one record with its proof; raises NOT_AN_AUDITOR, UNKNOWN_RECORD."""
        audited = self._audited(caller)
        newest = self._log.sequence
        self._note(caller, "show", (("record", str(sequence)),))
        entry = next(self._reader.oldest_first(sequence, sequence), None) if 0 < sequence <= newest else None
        if entry is None or not _visible(entry, audited):
            raise UnknownNameError(
                "UNKNOWN_RECORD",
                Text(f"There is no record {sequence} that you may see.", f"Du kan ikke se noen oppføring {sequence}."),
            )
        proof = self._reader.proof(sequence, newest)
        if proof is None:
            proof = self._reader.proof(sequence, self._log.checkpoint().sequence)
        assert proof is not None, "a checkpoint covers every record before it"
        return proof

    def export(self, caller: Caller) -> Export:
        """Return the log, all of it verifiable; raises NOT_AN_AUDITOR."""
        audited = self._audited(caller)
        self._note(caller, "export")
        standing = self._log.checkpoint()
        checkpoints = (line for line, _ in self._reader.checkpoints(standing.sequence))
        return Export(self._parts(standing.sequence, audited), checkpoints, standing.head)

    def overview(self, caller: Caller, project: str, user: str) -> Overview:
        """Return the overview of a project, or of all that the caller audits; raises NOT_AN_AUDITOR."""
        audited = self._audited(caller)
        if project and project not in audited:
            raise _not_an_auditor()
        self._note(caller, "report", (("user", user),) if user else (), project)
        return self._overview({project} if project else audited, user)

    def _parts(self, upto: int, audited: frozenset[str]) -> Iterator[Entry | Hidden]:
        first, hashes = 0, list[str]()
        for entry in self._reader.oldest_first(1, upto):
            is_visible = _visible(entry, audited)
            if hashes and (is_visible or len(hashes) == _BATCH):
                yield Hidden(first, tuple(hashes))
                hashes = []
            if is_visible:
                yield entry
            else:
                first = first if hashes else entry.sequence
                hashes.append(entry.hash)
        if hashes:
            yield Hidden(first, tuple(hashes))

    def _audited(self, caller: Caller) -> frozenset[str]:
        audited = frozenset(place.project for place in self._places(caller) if place.role == "auditor")
        if not audited:
            raise _not_an_auditor()
        return audited

    def _note(self, caller: Caller, what: str, detail: tuple[tuple[str, str], ...] = (), project: str = "") -> None:
        self._log.append(
            AuditRecord(
                Event.AUDIT_READ,
                subject=caller.user,
                certificate=caller.thumbprint,
                project=project,
                detail=(("reading", what), *detail),
            )
        )


def _visible(entry: Entry, audited: frozenset[str]) -> bool:
    """Records of the server itself, which belong to no project, concern every auditor."""
    project = entry.fields.get("project", "")
    return project == "" or project in audited


def _not_an_auditor() -> AccessDeniedError:
    return AccessDeniedError(
        "NOT_AN_AUDITOR",
        Text("You are not an auditor of this.", "Du er ikke revisor for dette."),
        hint=Text("Ask the custodian.", "Spør forvalteren."),
    )
