"""Disclose: evidence goes to the gate of the project's policy, and only what the gate releases is encoded."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from grille.server.commands.preparation import highest
from grille.server.commands.scope import Scope
from grille.server.commands.whitelist import COMMANDS
from grille.server.disclosure.evidence import (
    AnalysisSet,
    Evidence,
    FigureSetsEvidence,
    ModelEvidence,
    PublicEvidence,
    Sensitivity,
    SetEvidence,
    StatusEvidence,
)
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.counting import shown_count
from grille.server.errors import GrilleError
from grille.server.execution.alert import raised_by_divisions
from grille.server.execution.encoding import encode
from grille.server.execution.interface import Answer, CommandRun, Computation, Executor, Progress
from grille.server.execution.twins import marked
from grille.server.sessions.session import Session


class Disclose:
    """The step between evidence and answer."""

    def __init__(self, inner: Executor[Computation], gate_of: Callable[[Session], Gate]) -> None:
        """Wrap `inner`; `gate_of(session)` is the gate of its project's policy now, with the ledger of its banks."""
        self._inner = inner
        self._gate_of = gate_of

    def execute(self, run: CommandRun, progress: Progress) -> Answer:
        """Compute, release, present, encode; raises DisclosureError when the gate refuses."""
        computed = self._inner.execute(run, progress)
        gate = self._gate_of(run.session)
        before = gate.divisions(computed.evidence, run.session.project)
        try:
            released = gate.release(
                computed.evidence,
                project=run.session.project,
                sensitivity=sensitivity_of(computed.scope),
                conditions=computed.judged,
            )
        except GrilleError as error:
            raise error.at(run.node.head.name_span) from None
        present = COMMANDS[computed.command].present
        blocks = released.present(marked(present) if run.session.twin else present)
        return Answer(
            blocks=encode(blocks, run.session.language),
            rules=released.rules,
            set_digests=_digests(computed.evidence),
            scope=computed.scope,
            frames=computed.frames,
            rows=_rows(computed.evidence, gate.policy),
            alarms=raised_by_divisions(before, gate.divisions(computed.evidence, run.session.project)),
        )


def sensitivity_of(scope: Scope) -> Sensitivity:
    """Return the highest level of all data sets of the session and their variables, whichever of them were used.

    A command that reads one data set and writes another, or forgets to say what its outcome was made of, so makes the
    answer more sensitive and never less.
    """
    datasets = scope.datasets.values()
    levels = [one.sensitivity for one in datasets]
    levels += [variable.sensitivity for one in datasets for variable in one.variables.values()]
    return Sensitivity(highest(levels))


def _rows(evidence: Evidence, policy: Policy) -> int:
    if isinstance(evidence, PublicEvidence):
        return 0
    if isinstance(evidence, StatusEvidence):
        return max((shown_count(count, policy) for count in evidence.counts.values()), default=0)
    return shown_count(evidence.analysis_set.units, policy)


def _digests(evidence: Evidence) -> tuple[str, ...]:
    if isinstance(evidence, PublicEvidence | StatusEvidence):
        return ()
    words = dict.fromkeys(one.sketch for one in _sets(evidence))
    return tuple(hashlib.sha256(b"".join(word.to_bytes(8, "big") for word in one)).hexdigest() for one in words)


def _sets(evidence: SetEvidence) -> Iterator[AnalysisSet]:
    """Yield the set of an evidence, then those that single figures are about."""
    yield evidence.analysis_set
    if isinstance(evidence, ModelEvidence):
        yield from evidence.parts
    if isinstance(evidence, FigureSetsEvidence):
        for one in evidence.sets:
            yield one.analysis_set
            yield from one.parts
