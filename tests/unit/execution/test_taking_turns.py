"""Users take turns, none has more than so many places, and who computes for long gives way to newcomers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from grille.server.errors import GrilleError
from grille.server.execution.admit import LONG_SECONDS, Places
from grille.server.execution.interface import Caller, CommandRun
from grille.server.sessions.session import Session
from grille.server.sessions.stop import Stop
from grille.server.text import Language


class Timed(Session):
    """A session whose worker says how long it has computed."""

    seconds = 0.0
    was_lowered = False

    def processor_seconds(self) -> float:
        return self.seconds

    def lower(self) -> None:
        self.was_lowered = True


def run_of(user: str) -> CommandRun:
    node: Any = None
    return CommandRun(Timed(f"s-{user}", user, "wages", Language.ENGLISH), Caller(user, ""), node, Stop())


@dataclass
class Crowd:
    """Commands on threads that hold their place until they are told to go."""

    places: Places
    order: list[str] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    gates: dict[str, threading.Event] = field(default_factory=dict)
    threads: list[threading.Thread] = field(default_factory=list)

    def come(self, name: str, run: CommandRun | None = None) -> CommandRun:
        """Let a command ask for a place; its name begins with its user's. Returns when it has one or waits."""
        made = run or run_of(name[0])
        gate = self.gates[name] = threading.Event()

        def work() -> None:
            with self.places.place(made, lambda phase: self.phases.append(name)):
                self.order.append(name)
                gate.wait(10)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self.threads.append(thread)
        soon(lambda: name in self.order or name in self.phases)
        return made

    def go(self, name: str) -> None:
        """Let a command end."""
        self.gates[name].set()


def soon(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@contextmanager
def crowd(total: int, per_user: int) -> Iterator[Crowd]:
    made = Crowd(Places(total, per_user))
    yield made
    for gate in made.gates.values():
        gate.set()
    for thread in made.threads:
        thread.join(10)


def test_a_user_with_many_commands_leaves_places_to_others() -> None:
    with crowd(total=4, per_user=2) as they:
        for name in ("a1", "a2", "a3", "a4", "b1"):
            they.come(name)
        assert they.order == ["a1", "a2", "b1"]
        assert they.phases == ["a3", "a4"]
        they.go("a1")
        soon(lambda: they.order == ["a1", "a2", "b1", "a3"])


def test_who_waits_gets_a_place_in_turn_by_user_and_not_by_time() -> None:
    with crowd(total=1, per_user=1) as they:
        for name in ("a1", "a2", "a3", "a4", "b1", "c1", "b2"):
            they.come(name)
        for name in ("a1", "a2", "b1", "c1", "a3", "b2", "a4"):
            soon(lambda name=name: they.order[-1:] == [name])
            they.go(name)
        assert they.order == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


def test_a_stopped_command_leaves_the_queue() -> None:
    with crowd(total=1, per_user=1) as they:
        they.come("a1")
        waiting, failure = run_of("b"), []

        def work() -> None:
            try:
                with they.places.place(waiting, lambda phase: None):
                    pytest.fail("it got a place")
            except GrilleError as error:
                failure.append(error.reason)

        thread = threading.Thread(target=work)
        thread.start()
        waiting.stop.set()
        thread.join(5)
        assert failure == ["CANCELLED"]
        they.go("a1")
        they.come("c1")
        soon(lambda: they.order == ["a1", "c1"])


def test_a_long_command_gives_way_to_another_user_s_and_a_short_one_does_not() -> None:
    with crowd(total=4, per_user=4) as they:
        long, short = they.come("a1"), they.come("a2")
        sessions = [run.session for run in (long, short)]
        assert all(isinstance(session, Timed) for session in sessions)
        sessions[0].seconds = LONG_SECONDS + 1  # type: ignore[attr-defined]
        they.come("a3")
        assert [session.was_lowered for session in sessions] == [False, False]  # type: ignore[attr-defined]
        they.come("b1")
        soon(lambda: "b1" in they.order)
        assert [session.was_lowered for session in sessions] == [True, False]  # type: ignore[attr-defined]
