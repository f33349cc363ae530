"""Admit: only so many commands compute at the same time, and no user's commands keep another's waiting for long.

Two means, without any right of root. Places: users take turns, and none has more than so many. Weight: when a command
is let in, those of other users that have computed for long are made to give way to it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from grille.server.execution.interface import CommandRun, Computation, Executor, Progress
from grille.server.sessions.session import Session

LONG_SECONDS = 2.0
"""Processor time after which a command gives way to those of other users."""
_PATIENCE_SECONDS = 0.1


@dataclass(eq=False, slots=True)
class _Turn:
    """A command that waits or computes."""

    session: Session
    is_in: bool = False
    before: float = 0.0


@dataclass(slots=True)
class Places:
    """Who computes and who waits; users take turns. Safe for threads.

    Attributes:
        total: Commands that compute at the same time.
        per_user: Of one user.
    """

    total: int
    per_user: int
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _waiting: dict[str, deque[_Turn]] = field(default_factory=dict)
    _computing: list[_Turn] = field(default_factory=list)

    @contextmanager
    def place(self, run: CommandRun, progress: Progress) -> Iterator[None]:
        """Wait for a place and have it during the block.

        Raises:
            GrilleError: The script was stopped meanwhile.
        """
        turn = _Turn(run.session)
        try:
            with self._changed:
                self._waiting.setdefault(run.session.user, deque()).append(turn)
                self._let_in()
                if not turn.is_in:
                    progress("waiting")
                while not turn.is_in:
                    if run.stop.is_set():
                        raise run.stop.error
                    self._changed.wait(_PATIENCE_SECONDS)
            self._make_way(turn)
            yield
        finally:
            with self._changed:
                if turn.is_in:
                    self._computing.remove(turn)
                else:
                    self._waiting[run.session.user].remove(turn)
                if not self._waiting.get(run.session.user, True):
                    del self._waiting[run.session.user]
                self._let_in()

    def _let_in(self) -> None:
        """Give free places to the users who wait, in turn."""
        while len(self._computing) < self.total:
            user = next((name for name, queue in self._waiting.items() if queue and self._may(name)), None)
            if user is None:
                return
            queue = self._waiting.pop(user)
            turn = queue.popleft()
            if queue:
                self._waiting[user] = queue  # behind all others
            turn.is_in, turn.before = True, turn.session.processor_seconds()
            self._computing.append(turn)
            self._changed.notify_all()

    def _may(self, user: str) -> bool:
        return sum(turn.session.user == user for turn in self._computing) < self.per_user

    def _make_way(self, newcomer: _Turn) -> None:
        """Let other users' commands that have computed for long give way."""
        with self._changed:
            others = [turn for turn in self._computing if turn.session.user != newcomer.session.user]
        for turn in others:
            if turn.session.processor_seconds() - turn.before > LONG_SECONDS:
                turn.session.lower()


class Admit:
    """The step that waits for a place, around the computation alone."""

    def __init__(self, inner: Executor[Computation], places: Places) -> None:
        """Wrap `inner`."""
        self._inner = inner
        self._places = places

    def execute(self, run: CommandRun, progress: Progress) -> Computation:
        """Compute when it is this command's turn."""
        with self._places.place(run, progress):
            return self._inner.execute(run, progress)
