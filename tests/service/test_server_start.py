"""A server that cannot start says why in one line, leaves with 1 and changes nothing."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from support.mishaps import copy_of, raw_client, serving
from support.service import Done, Service, command


def contents(home: Path) -> dict[str, bytes]:
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}


def serve(service: Service) -> Done:
    return command("grille-server", "serve", service.home, "--listen", service.address)


def readable(home: Path) -> None:
    (home / "keys" / "ledger.key").chmod(0o644)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "HOME_NOT_FOUND": lambda home: (home / "config.toml").unlink(),
    "KEYS_MISSING": lambda home: shutil.rmtree(home / "keys"),
    "KEY_PERMISSIONS": readable,
    "KEYS_DAMAGED": lambda home: (home / "keys" / "database.key").write_text("abc\n"),
    "CONFIG_INVALID": lambda home: (home / "config.toml").write_text("[server\n"),
    "CONFIG_UNKNOWN_KEY": lambda home: (home / "config.toml").write_text("[limits]\nmax_session = 1\n"),
    "ADDRESS_INVALID": lambda home: (home / "config.toml").write_text("[server]\nlisten = 'nowhere'\n"),
}


@pytest.mark.parametrize("reason", DAMAGES)
def test_a_damaged_home_is_named_and_left_alone(template: Service, tmp_path: Path, reason: str) -> None:
    service = copy_of(template, tmp_path)
    (service.home / "sessions" / "left").mkdir()
    (service.home / "sessions" / "left" / "over").write_text("x")
    DAMAGES[reason](service.home)
    before = contents(service.home)
    done = command("grille-server", "serve", service.home)
    assert done.code == 1
    assert done.err.startswith(f"grille-server: {reason}: ")
    assert "Traceback" not in done.err
    assert contents(service.home) == before


def test_a_port_in_use_is_told(template: Service, tmp_path: Path) -> None:
    service = copy_of(template, tmp_path)
    host, _, port = service.address.rpartition(":")
    with socket.socket() as taken:
        taken.bind((host, int(port)))
        taken.listen()
        done = serve(service)
    assert done.code == 1
    assert "ADDRESS_IN_USE" in done.err
    assert service.address in done.err
    with serving(service):
        assert service.grille("sessions", "list").code == 0


def test_a_second_server_of_a_home_leaves_the_first_and_its_sessions_alone(template: Service, tmp_path: Path) -> None:
    service = copy_of(template, tmp_path)
    with serving(service), raw_client(service) as raw:
        session = raw.open()
        second = command("grille-server", "serve", service.home, "--listen", "127.0.0.1:0")
        assert (second.code, "AUDIT_LOCKED" in second.err) == (1, True)
        assert raw.run(session, "create-dataset x\n")[-1].HasField("finished")


def test_a_log_that_someone_changed_stops_the_server(template: Service, tmp_path: Path) -> None:
    service = copy_of(template, tmp_path)
    with serving(service):
        assert service.grille("run", "-", stdin="create-dataset x\n").code == 0
    for path in (service.home / "audit").glob("records-*"):
        path.write_bytes(path.read_bytes().replace(b'"ada"', b'"eve"'))
    done = serve(service)
    assert done.code == 1
    assert "AUDIT_DAMAGED" in done.err
    assert command("grille-server", "audit", "verify", service.home).code == 1
