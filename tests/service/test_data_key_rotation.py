"""grille-server keys rotate --key database|ledger on a real home: the same answers, useless old keys, any kill."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from support.mishaps import PEOPLE, copy_of, serving
from support.service import BIN, Service, command

from grille.server.catalog import bank_file
from grille.server.disclosure.ledger import Ledger
from grille.server.errors import InternalError
from grille.server.operations.home import Home
from grille.server.operations.keys import load_keys

SCRIPT = PEOPLE + "tabulate sex\nsummarize wage if sex == '1'\n"


def blocks(service: Service) -> Any:
    document = service.run(SCRIPT)
    assert [result["status"] for result in document["results"]] == ["ok"] * len(document["results"])
    return [result["blocks"] for result in document["results"]]


def rotate(service: Service, key: str) -> None:
    done = command("grille-server", "keys", "rotate", service.home, "--key", key)
    assert done.code == 0, done.err


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
