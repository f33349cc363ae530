"""Pad: under a policy with steps of time, a reply leaves only at one of few moments after the command began."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable

from grille.server.disclosure.policy import Policy
from grille.server.execution.interface import Answer, CommandRun, Executor, Progress

_CHANCE = random.SystemRandom()
_SCATTER = 0.05


class Pad:
    """The step that waits. An answer and a refusal wait alike; a cancelled command does not."""

    def __init__(self, inner: Executor[Answer], policy_of: Callable[[str], Policy]) -> None:
        """Wrap `inner`; `policy_of(project)` is the policy as it stands now."""
        self._inner = inner
        self._policy_of = policy_of

    def execute(self, run: CommandRun, progress: Progress) -> Answer:
        """Execute, then wait until the next moment at which a reply may leave; phases are not told meanwhile."""
        began = time.monotonic()
        step = self._policy_of(run.session.project).reply_step_ms / 1000
        if step <= 0:
            return self._inner.execute(run, progress)
        try:
            return self._inner.execute(run, lambda phase: None)
        finally:
            # how fast a process wakes depends a little on how long it slept: the scatter hides that
            moment = began + leaves_after(time.monotonic() - began, step) + _CHANCE.uniform(0, _SCATTER * step)
            stopped = threading.Event()
            with run.stop.telling(stopped.set):
                stopped.wait(max(moment - time.monotonic(), 0.0))


def leaves_after(seconds: float, step: float) -> float:
    """Return when a reply leaves that was ready after `seconds`: after one step, or twice, four times ... as long.

    Few moments tell little of how long a command took, and a few units more hardly carry it from one to the next.

    Source: Haeberlen, Pierce and Narayan (2011), Differential privacy under fire, on timing channels of query systems.
    """
    return step * 2.0 ** max(math.ceil(math.log2(max(seconds / step, 1e-9))), 0)
