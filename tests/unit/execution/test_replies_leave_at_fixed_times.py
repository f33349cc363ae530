"""Under a policy with steps of time, when a reply leaves tells next to nothing of how long the command took."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grille.server.disclosure.policy import Policy
from grille.server.disclosure.texts import refusal
from grille.server.errors import DisclosureError
from grille.server.execution.interface import Caller, CommandRun, Warned
from grille.server.execution.pad import Pad, leaves_after, told_time
from grille.server.language.parser import parse
from grille.server.sessions.stop import Stop
from grille.server.text import same


@pytest.mark.parametrize(
    "seconds,leaves",
    [(0.0, 0.5), (0.001, 0.5), (0.4999, 0.5), (0.5, 0.5), (0.51, 1.0), (1.01, 2.0), (7.0, 8.0), (100.0, 128.0)],
)
def test_moments_double(seconds: float, leaves: float) -> None:
    assert leaves_after(seconds, 0.5) == pytest.approx(leaves)


class Work:
    """A command that takes a given time and then answers, or is refused."""

    def __init__(self, seconds: float, *, refused: bool = False, warns: bool = False) -> None:
        self.seconds, self.refused, self.warns = seconds, refused, warns

    def execute(self, run: Any, progress: Any) -> Any:
        progress("reading")
        time.sleep(self.seconds)
        if self.warns:
            run.warn(Warned("quota", same("Nearly used up.")))
        if self.refused:
            raise refusal("TOO_FEW_UNITS", Policy.strict())
        return "answer"


def timed(work: Work, policy: Policy, stop: Stop | None = None) -> tuple[float, list[str]]:
    phases: list[str] = []
    session: Any = SimpleNamespace(project="P")
    run = CommandRun(session, Caller("u", ""), parse("help").commands[0], stop or Stop(), warn=phases.append)
    began = time.monotonic()
    with contextlib.suppress(DisclosureError):
        Pad(work, lambda project: policy).execute(run, phases.append)
    return time.monotonic() - began, phases


STRICT = dataclasses.replace(Policy.strict(), reply_step_ms=200)


def test_answers_and_refusals_leave_at_the_same_moment_and_phases_are_not_told() -> None:
    for work in (Work(0.0), Work(0.1), Work(0.0, refused=True), Work(0.15, refused=True)):
        seconds, phases = timed(work, STRICT)
        assert 0.199 < seconds < 0.49
        assert phases == []


def test_a_warning_leaves_with_its_reply_and_not_when_the_work_is_done() -> None:
    heard: list[float] = []
    session: Any = SimpleNamespace(project="P")
    began = time.monotonic()
    run = CommandRun(
        session,
        Caller("u", ""),
        parse("help").commands[0],
        Stop(),
        warn=lambda warned: heard.append(time.monotonic() - began),
    )
    Pad(Work(0.0, warns=True), lambda project: STRICT).execute(run, lambda phase: None)
    assert len(heard) == 1
    assert heard[0] > 0.199


def test_the_time_that_is_told_is_that_of_the_moment() -> None:
    assert [told_time(seconds, STRICT) for seconds in (0.001, 0.19, 0.21, 0.9)] == pytest.approx([0.2, 0.2, 0.4, 1.6])
    assert told_time(0.123, Policy.standard()) == 0.123


def test_control_without_steps_a_reply_leaves_at_once() -> None:
    seconds, phases = timed(Work(0.0), Policy.standard())
    assert seconds < 0.15
    assert phases == ["reading"]


def test_a_command_that_nobody_wants_any_more_is_not_waited_for() -> None:
    stop = Stop()
    threading.Timer(0.05, stop.set).start()
    seconds, _ = timed(Work(0.0), dataclasses.replace(STRICT, reply_step_ms=5000), stop)
    assert seconds < 2.0


def test_a_classifier_of_reply_times_does_no_better_than_chance() -> None:
    # refusals of small sets take less time than answers; how well do reply times tell the two apart?
    policy = dataclasses.replace(STRICT, reply_step_ms=80)
    rng = np.random.default_rng(1)
    order = rng.permutation([False] * 40 + [True] * 40)
    times = np.array([timed(Work(0.002 if refused else 0.03, refused=bool(refused)), policy)[0] for refused in order])
    wins = np.mean(times[~order][:, None] > times[order][None, :])
    assert 0.3 < wins < 0.7  # of 80 replies; a bench with more is in tests/performance
    bare = np.array([timed(Work(0.002 if refused else 0.03), Policy.standard())[0] for refused in order[:20]])
    assert bare[~order[:20]].min() > bare[order[:20]].max()  # control: without steps every one is told apart
