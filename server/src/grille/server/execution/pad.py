"""Pad: under a policy with steps of time, a reply leaves only at one of few moments after the command began."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from grille.server.disclosure.policy import Policy
from grille.server.execution.interface import CommandRun, Executor, Progress, Recorded, Warned

_CHANCE = random.SystemRandom()
_SCATTER = 0.5


class Pad:
    """The outermost step, which waits: what is written to the audit log takes its time before, not after.

    An answer and a refusal wait alike, and warnings with them; a cancelled command does not.
    """

    def __init__(self, inner: Executor[Recorded], policy_of: Callable[[str], Policy]) -> None:
        """Wrap `inner`; `policy_of(project)` is the policy as it stands now."""
        self._inner = inner
        self._policy_of = policy_of

    def execute(self, run: CommandRun, progress: Progress) -> Recorded:
        """Execute, then wait until the next moment at which a reply may leave; phases are not told meanwhile."""
        began = time.monotonic()
        step = self._policy_of(run.session.project).reply_step_ms / 1000
        if step <= 0:
            return self._inner.execute(run, progress)
        warnings: list[Warned] = []
        try:
            return self._inner.execute(replace(run, warn=warnings.append), lambda phase: None)
        finally:
            # what is left to do for an answer takes longer than for a refusal, and a process that slept for long wakes
            # later: the scatter hides that
            moment = began + leaves_after(time.monotonic() - began, step) + _CHANCE.uniform(0, _SCATTER * step)
            stopped = threading.Event()
            with run.stop.telling(stopped.set):
                stopped.wait(max(moment - time.monotonic(), 0.0))
            for warning in warnings:
                run.warn(warning)


def leaves_after(seconds: float, step: float) -> float:
    """Return when a reply leaves that was ready after `seconds`: after one step, or twice, four times ... as long.

    Few moments tell little of how long a command took, and a few units more hardly carry it from one to the next.

    Source: Haeberlen, Pierce and Narayan (2011), Differential privacy under fire, on timing channels of query systems.
    """
    return step * 2.0 ** max(math.ceil(math.log2(max(seconds / step, 1e-9))), 0)


def told_time(seconds: float, policy: Policy) -> float:
    """Return the time of a command as its caller is told it: the moment at which the reply leaves, without scatter."""
    return leaves_after(seconds, policy.reply_step_ms / 1000) if policy.reply_step_ms > 0 else seconds
