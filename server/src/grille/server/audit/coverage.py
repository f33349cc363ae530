"""Compares the records of a log with what its checkpoints signed, one checkpoint after the other."""

from __future__ import annotations

from collections.abc import Sequence

from grille.server.audit.checkpoint import Signed
from grille.server.audit.merkle import merkle_root
from grille.server.audit.report import Problems


class Coverage:
    """Holds the hashes of the records under one checkpoint only."""

    def __init__(self, checkpoints: Sequence[Signed], problems: Problems) -> None:
        """Compare with `checkpoints`, ascending."""
        self._left = [signed.checkpoint for signed in reversed(checkpoints)]
        self._problems = problems
        self._window: list[str] = []

    def record(self, sequence: int, own: str) -> None:
        """Take the next record in the order of the files."""
        while self._left and sequence > self._left[-1].last:
            self._settle()
        if self._left and sequence >= self._left[-1].first:
            self._window.append(own)

    def finish(self) -> None:
        """Judge the checkpoints that are left."""
        while self._left:
            self._settle()

    def _settle(self) -> None:
        checkpoint = self._left.pop()
        hashes, self._window = self._window, []
        covers = f"{checkpoint.first}-{checkpoint.last}"
        if checkpoint.count != checkpoint.last - checkpoint.first + 1:
            fits = False
        else:
            fits = len(hashes) == checkpoint.count and hashes[-1] == checkpoint.chain
            fits = fits and merkle_root(hashes) == checkpoint.root
        if not fits:
            self._problems.add(
                "CHECKPOINT_MISMATCH",
                checkpoint.first,
                f"records {covers} are not those that checkpoint {checkpoint.number} signed",
                f"oppføringene {covers} er ikke dem som kontrollpunkt {checkpoint.number} signerte",
            )
