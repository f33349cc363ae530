"""grille-server keys rotate --key database|ledger on a real home: the same answers, useless old keys, any kill."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.mishaps import PEOPLE, copy_of, serving
from support.service import BIN, Service, command

from grille.server.catalog import bank_file
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.sealing import Seals
from grille.server.errors import InternalError
from grille.server.operations.home import Home
from grille.server.operations.interrupted import in_use
from grille.server.operations.keys import load_keys

KILLER = """
import os, signal, sys
point, seen = int(sys.argv.pop(1)), 0
STEPS = {"open", "os.rename", "os.remove", "os.chmod", "sqlite3.connect", "os.mkdir"}
def step(event, arguments):
    global seen
    seen += event in STEPS and any(word in str(arguments[:2]) for word in (".rotated", ".key", ".sqlite", "audit/"))
    if seen == point:
        seen += 1  # the kill is an event too
        os.kill(os.getpid(), signal.SIGKILL)
from grille.server.operations.cli import main
sys.addaudithook(step)
main()
"""
SCRIPT = PEOPLE + "tabulate sex\nsummarize wage if sex == '1'\n"


def blocks(service: Service) -> Any:
    document = service.run(SCRIPT)
    assert [result["status"] for result in document["results"]] == ["ok"] * len(document["results"])
    return [result["blocks"] for result in document["results"]]


def rotate(service: Service, key: str) -> None:
    done = command("grille-server", "keys", "rotate", service.home, "--key", key)
    assert done.code == 0, done.err


def sealed_rows(home: Home) -> tuple[set[bytes], list[list[Any]]]:
    """The names of scopes in the ledger, and what its rows hold, opened with its key."""
    with closing(sqlite3.connect(home.ledger)) as connection:
        seals = Seals(load_keys(home).ledger, connection)
        rows = connection.execute("SELECT scope, sealed FROM released_sets ORDER BY id").fetchall()
    return {scope for scope, _ in rows}, [seals.open(scope, sealed) for scope, sealed in rows]


def test_answers_stay_and_old_keys_open_nothing(template: Service, tmp_path: Path) -> None:
    service = copy_of(template, tmp_path / "home")
    home = Home(service.home)
    with serving(service):
        before = blocks(service)
        locked = command("grille-server", "keys", "rotate", service.home, "--key", "database")
        assert (locked.code, "AUDIT_LOCKED" in locked.err) == (1, True)
    old = load_keys(home)
    for key in ("database", "ledger"):
        rotate(service, key)
    new = load_keys(home)
    assert new.record_root == old.record_root
    with (
        pytest.raises(InternalError, match="DATABASE_FILE_UNREADABLE"),
        bank_file.open_version(home.banks, "no.ssb.fdb", 30, old.bank_key("no.ssb.fdb")),
    ):
        pass
    with pytest.raises(InternalError, match="LEDGER_UNREADABLE"):
        Ledger(home.ledger, old.ledger)
    secrets = (old.database_root.hex().encode(), old.ledger.hex().encode())
    for file in (path for path in home.path.rglob("*") if path.is_file()):
        assert not any(secret in file.read_bytes() for secret in secrets), file
    with serving(service):
        assert blocks(service) == before
        told = service.grille("audit", "list", "--event", "key_rotated", "--format", "json", user="audun").out
        assert len(told.splitlines()) == 2
    assert command("grille-server", "audit", "verify", service.home).code == 0


@pytest.mark.parametrize("key", ["database", "ledger"])
def test_a_rotation_that_is_killed_is_undone_or_finished(template: Service, tmp_path: Path, key: str) -> None:
    service = copy_of(template, tmp_path / "home")
    with serving(service):
        before = blocks(service)
    chance, killed = random.Random(key), 0
    began = time.monotonic()
    rotate(service, key)
    whole = time.monotonic() - began
    for _ in range(8):
        process = subprocess.Popen([BIN / "grille-server", "keys", "rotate", str(service.home), "--key", key])
        time.sleep(whole * chance.uniform(0.3, 1.0))
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
    assert killed > 2
    with serving(service):
        assert blocks(service) == before
    left = [path for path in service.home.rglob("*") if path.name.endswith(".rotated")]
    assert left == []


def test_keys_of_a_vault_are_not_replaced(template: Service, tmp_path: Path) -> None:
    service = copy_of(template, tmp_path / "home", '[server]\nkey_command = "cat-key"\n')
    for key in ("database", "ledger", "audit"):
        done = command("grille-server", "keys", "rotate", service.home, "--key", key)
        assert (done.code, "KEYS_ELSEWHERE" in done.err) == (1, True)


def test_rows_of_the_ledger_stay_under_names_that_the_old_key_does_not_give(template: Service, tmp_path: Path) -> None:
    service = copy_of(template, tmp_path / "home")
    home = Home(service.home)
    with serving(service):
        blocks(service)
    seen, before = sealed_rows(home)
    assert before
    for _ in range(3):
        rotate(service, "ledger")
        names, rows = sealed_rows(home)
        assert not names & seen
        assert rows == before
        seen |= names
    with serving(service):
        blocks(service)
    assert sealed_rows(home) == (names, before)  # every set was found again, under its newest name


def test_nothing_is_rotated_under_a_command_that_writes_with_the_old_key(template: Service, tmp_path: Path) -> None:
    service = copy_of(template, tmp_path / "home")
    with in_use(Home(service.home)):
        for key in ("database", "ledger"):
            done = command("grille-server", "keys", "rotate", service.home, "--key", key)
            assert (done.code, "KEYS_IN_USE" in done.err) == (1, True)
        bank = ("--bank", "no.example.more", "--version", 1, "--persons", 2000)
        service.admin("bank", "synthesize", service.home, *bank)  # others use the keys beside it
    rotate(service, "database")


@pytest.mark.slow
@pytest.mark.parametrize("key", ["database", "ledger"])
def test_a_rotation_killed_at_each_of_its_steps_leaves_what_opens(template: Service, tmp_path: Path, key: str) -> None:
    start = copy_of(template, tmp_path / "start")
    with serving(start):
        before = blocks(start)
    old, (_, rows) = load_keys(Home(start.home)), sealed_rows(Home(start.home))
    outcomes = set()
    for point in range(1, 200):
        service = copy_of(start, tmp_path / f"killed{point}")
        home = Home(service.home)
        arguments = ["keys", "rotate", str(home.path), "--key", key]
        done = subprocess.run([sys.executable, "-c", KILLER, str(point), *arguments], capture_output=True, check=False)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        keys = load_keys(home)
        finished = keys.database_root != old.database_root or keys.ledger != old.ledger
        assert not [path for path in home.path.rglob("*") if ".rotated" in path.name]
        with bank_file.open_version(home.banks, "no.ssb.fdb", 30, keys.bank_key("no.ssb.fdb")) as bank:
            assert bank.execute("SELECT count(*) FROM bank.units_PERSON").fetchone() == (20_000,)
        assert sealed_rows(home)[1] == rows
        if finished not in outcomes:
            with serving(service):
                assert blocks(service) == before
        outcomes.add(finished)
        if done.returncode == 0:
            break
        shutil.rmtree(service.folder)
    assert point > 10
    assert outcomes == {False, True}
