"""Patterns of commands and released sets that look like an attack by differences, one function each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from grille.server.audit.overview.gather import Gathered
from grille.server.audit.overview.model import Alarm, Divided, NearPair, ReleasedSet, Step
from grille.server.audit.record import Outcome
from grille.server.text import Text

REFUSALS_IN_A_ROW = 5
CLOSE_REFUSALS = 3
SHRINKING_STEPS = 4
SHRINKING_SHARE = 0.05
PARTITIONS = 10
NEAR_PAIRS = 3
DENIALS = 5


def refusals_in_a_row(steps: Iterable[Step]) -> Iterator[Alarm]:
    """Five or more refusals of one user in a project with no release between them: somebody feels for the limits."""
    for (project, user), mine in _by_user(steps):
        for refused, run in itertools.groupby(mine, key=lambda step: step.outcome == Outcome.REFUSED):
            row = list(run)
            if refused and len(row) >= REFUSALS_IN_A_ROW:
                yield Alarm(
                    "REFUSALS_IN_A_ROW",
                    project,
                    (user,),
                    tuple(step.record for step in row),
                    Text(f"{len(row)} refusals in a row.", f"{len(row)} avvisninger på rad."),
                )


def close_refusals(steps: Iterable[Step]) -> Iterator[Alarm]:
    """Three or more refusals because a set was too close to an earlier one: differences are being tried."""
    for (project, user), mine in _by_user(steps):
        row = [step for step in mine if step.reason == "SETS_TOO_CLOSE"]
        if len(row) >= CLOSE_REFUSALS:
            yield Alarm(
                "SETS_TOO_CLOSE",
                project,
                (user,),
                tuple(step.record for step in row),
                Text(
                    f"{len(row)} refusals of sets that nearly repeat earlier ones.",
                    f"{len(row)} avvisninger av mengder som nesten gjentar tidligere.",
                ),
            )


def shrinking_sets(steps: Iterable[Step], released: Mapping[tuple[str, str], ReleasedSet]) -> Iterator[Alarm]:
    """Four or more steps in which a set loses, or gains, a few units each time: each step is a difference.

    A step counts when the next set of the same bank and unit type is smaller by at most five per cent; equal sets in
    between do not matter, nor who of the project asked.

    Args:
        steps: Commands in the order of the log.
        released: Sets of the ledger by project and digest.
    """
    rows: dict[tuple[str, str, str], list[tuple[Step, int]]] = {}
    for step in steps:
        if step.outcome != Outcome.ANSWERED:
            continue
        for digest in step.sets:
            found = released.get((step.project, digest))
            if found is not None:
                row = rows.setdefault((found.project, found.bank, found.unit_type), [])
                if not row or row[-1][1] != found.size:
                    row.append((step, found.size))
    for (project, _, _), row in rows.items():
        for chain in _chains(row):
            users = tuple(sorted({step.user for step in chain}))
            yield Alarm(
                "SHRINKING_SETS",
                project,
                users,
                tuple(step.record for step in chain),
                Text(
                    f"{len(chain)} sets in a row, each slightly smaller, or larger, than the one before.",
                    f"{len(chain)} mengder på rad, hver litt mindre, eller større, enn den forrige.",
                ),
            )


def divided_often(divided: Iterable[Divided], steps: Sequence[Step]) -> Iterator[Alarm]:
    """The same set divided in ten or more ways: the noise of its cells could be averaged."""
    for one in divided:
        if one.ways >= PARTITIONS:
            records = [step.record for step in steps if step.project == one.project and one.digest in step.sets]
            yield Alarm(
                "MANY_PARTITIONS",
                one.project,
                one.users,
                tuple(records),
                Text(
                    f"The same units were divided in {one.ways} different ways.",
                    f"De samme enhetene er delt opp på {one.ways} ulike måter.",
                ),
            )


def near_pairs(near: Iterable[NearPair], steps: Sequence[Step]) -> Iterator[Alarm]:
    """Three or more pairs of released sets just beyond the least difference: somebody works along the limit."""
    by_project: dict[str, list[NearPair]] = {}
    for pair in near:
        by_project.setdefault(pair.project, []).append(pair)
    for project, pairs in by_project.items():
        if len(pairs) >= NEAR_PAIRS:
            digests = {digest for pair in pairs for digest in pair.digests}
            taking = [step for step in steps if step.project == project and digests.intersection(step.sets)]
            yield Alarm(
                "NEAR_DIFFERENCES",
                project,
                tuple(sorted({step.user for step in taking})),
                tuple(step.record for step in taking),
                Text(
                    f"{len(pairs)} pairs of released sets differ by hardly more than the limit.",
                    f"{len(pairs)} par av utleverte mengder er så vidt mer ulike enn grensen.",
                ),
            )


def denials(found: Gathered) -> Iterator[Alarm]:
    """Five or more calls of one user that were turned away for want of a right."""
    for user, records in found.denied.items():
        if len(records) >= DENIALS:
            yield Alarm(
                "ACCESS_DENIED",
                "",
                (user,) if user else (),
                tuple(records),
                Text(f"{len(records)} calls turned away.", f"{len(records)} kall avvist for manglende rettighet."),
            )


def loosened_policies(found: Gathered) -> Iterator[Alarm]:
    """A policy that became looser."""
    for record, project, what, keys in found.loosened:
        yield Alarm(
            "POLICY_LOOSENED",
            project,
            (),
            (record,),
            Text(f"The policy of {what} became looser in: {keys}.", f"Reglene for {what} ble løsere for: {keys}."),
        )


def _by_user(steps: Iterable[Step]) -> Iterator[tuple[tuple[str, str], list[Step]]]:
    rows: dict[tuple[str, str], list[Step]] = {}
    for step in steps:
        rows.setdefault((step.project, step.user), []).append(step)
    yield from sorted(rows.items())


def _chains(row: Sequence[tuple[Step, int]]) -> Iterator[list[Step]]:
    """Yield the longest runs of steps in one direction."""
    start = 0
    for end in range(1, len(row) + 1):
        if end < len(row) and _same_way(row, start, end):
            continue
        if end - start > SHRINKING_STEPS:
            yield [step for step, _ in row[start:end]]
        start = end - 1 if end < len(row) and _is_small(row[end - 1][1], row[end][1]) else end


def _same_way(row: Sequence[tuple[Step, int]], start: int, end: int) -> bool:
    before, after = row[end - 1][1], row[end][1]
    if not _is_small(before, after):
        return False
    return end - start == 1 or (after < before) == (row[start + 1][1] < row[start][1])


def _is_small(before: int, after: int) -> bool:
    return 0 < abs(before - after) <= SHRINKING_SHARE * max(before, after)
