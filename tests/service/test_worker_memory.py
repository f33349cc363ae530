"""A worker begins with little memory; a command that needs more gets it, and one that needs too much is told so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import small_bank

from grille.server.catalog import bank_file
from grille.server.catalog.banks import list_banks
from grille.server.commands.whitelist import COMMANDS
from grille.server.disclosure.policy import Policy
from grille.server.errors import GrilleError
from grille.server.language.parser import parse
from grille.server.sessions.manager import SessionLimits, SessionManager
from grille.server.sessions.messages import AttachedBank
from grille.server.sessions.process import warm_up
from grille.server.sessions.session import Session
from grille.server.sessions.stop import Stop
from grille.server.text import Language

Open = Callable[[str, str], Session]
TOO_LITTLE = "1MiB"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens a session on the small bank with a first and a largest memory limit."""
    warm_up()
    small_bank.make_bank(tmp_path / "banks", 1)
    managers = []

    def open_session(first: str, most: str) -> Session:
        limits = SessionLimits(4, 4, most, 1, 10, first_memory_limit=first)
        manager = SessionManager(tmp_path / f"s{len(managers)}", limits, lambda session, why: None)
        managers.append(manager)
        path = bank_file.data_path(tmp_path / "banks", small_bank.BANK, 1)
        attached = AttachedBank(f"{small_bank.BANK}@1", str(path), small_bank.KEY)
        return manager.open("ada", "wages", Language.ENGLISH, list_banks(tmp_path / "banks"), (attached,))

    yield open_session
    for manager in managers:
        manager.shutdown()


def run(session: Session, script: str) -> list[int | None]:
    """Run commands; return the worker after each."""
    workers = []
    for node in parse(script).commands:
        bound = COMMANDS[node.head.name].bind(node, session.scope)
        computed = session.compute(
            bound.name, bound.plan, Policy.standard(), lambda phase: None, 60, Stop(), lambda part: ()
        )
        session.accept(bound.scope, computed.frames, node.head.source)
        workers.append(session.worker_pid)
    return workers


SCRIPT = (
    "require no.test.small:1 as r\ncreate-dataset d\nimport r/KJONN as sex\n"
    "import r/LONN 2022-12-31 as wage\ntabulate sex\nboxplot wage, over(sex)\n"
)


def test_a_command_that_needs_more_memory_gets_a_worker_with_more(opened: Open) -> None:
    workers = run(opened(TOO_LITTLE, "512MiB"), SCRIPT)
    assert len(set(workers)) == 2


def test_one_that_has_enough_keeps_its_worker(opened: Open) -> None:
    assert len(set(run(opened("512MiB", "1GiB"), SCRIPT))) == 1


def test_a_command_that_needs_more_than_a_session_may_have_is_refused(opened: Open) -> None:
    with pytest.raises(GrilleError) as caught:
        run(opened(TOO_LITTLE, TOO_LITTLE), SCRIPT)
    assert caught.value.reason == "MEMORY_LIMIT"
