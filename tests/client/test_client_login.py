"""Logging in keeps a credential file that works, for its owner's eyes only, and no other."""

import io
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from grille.client.cli import outcome
from grille.client.environment import Environment
from grille.server.operations.certificates import make_authority


def err_of(environment: Environment) -> str:
    assert isinstance(environment.stderr, io.StringIO)
    return environment.stderr.getvalue()


def test_a_login_says_who_you_are_and_is_used_by_later_runs(
    environment: Environment, loopback: Any, tmp_path: Path
) -> None:
    path = loopback.write(tmp_path / "kari.grille")
    assert outcome(["login", str(path)], environment) == 0
    assert isinstance(environment.stdout, io.StringIO)
    text = environment.stdout.getvalue()
    for told in ("kari", loopback.address, "wages (researcher; no.ssb.fdb)", loopback.bundle["expires"][:10]):
        assert told in text
    kept = environment.config / "credentials.grille"
    assert kept.read_bytes() == path.read_bytes()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert outcome(["sessions", "list"], environment) == 0


def test_a_second_login_replaces_the_first(environment: Environment, loopback: Any, tmp_path: Path) -> None:
    assert outcome(["login", str(loopback.write(tmp_path / "a.grille", project="one"))], environment) == 0
    assert outcome(["login", str(loopback.write(tmp_path / "b.grille", project="two"))], environment) == 0
    assert b'"two"' in (environment.config / "credentials.grille").read_bytes()
    assert [one.name for one in environment.config.iterdir()] == ["credentials.grille"]


def test_expired_credentials_are_told_before_connecting(
    environment: Environment, loopback: Any, tmp_path: Path
) -> None:
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    path = loopback.write(tmp_path / "old.grille", expires=past, server="127.0.0.1:1")
    assert outcome(["login", str(path)], environment) == 4
    assert "CREDENTIALS_EXPIRED" in err_of(environment)
    assert not environment.config.exists()


def test_a_server_of_another_authority_is_not_trusted(environment: Environment, loopback: Any, tmp_path: Path) -> None:
    other = make_authority("somebody else").certificate_pem.decode()
    path = loopback.write(tmp_path / "kari.grille", ca=other)
    assert outcome(["login", str(path)], environment) == 3
    assert "SERVER_NOT_TRUSTED" in err_of(environment)
    assert not environment.config.exists()


def test_a_server_of_another_name_is_not_trusted(environment: Environment, loopback: Any, tmp_path: Path) -> None:
    path = loopback.write(tmp_path / "kari.grille", server_name="elsewhere.example")
    assert outcome(["login", str(path)], environment) == 3
    assert "SERVER_NOT_TRUSTED" in err_of(environment)


def test_no_server_is_told_with_its_address(environment: Environment, loopback: Any, tmp_path: Path) -> None:
    path = loopback.write(tmp_path / "kari.grille")
    elsewhere = replace(environment, variables={"GRILLE_SERVER": "127.0.0.1:1"})
    assert outcome(["login", str(path)], elsewhere) == 3
    assert "127.0.0.1:1" in err_of(elsewhere)
    assert "NO_CONNECTION" in err_of(elsewhere)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": "grille-credentials-2"}', "\x00"])
def test_another_file_is_not_taken_for_credentials(environment: Environment, tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.grille"
    path.write_text(content)
    assert outcome(["login", str(path)], environment) == 2
    assert "BAD_CREDENTIALS" in err_of(environment)


def test_damaged_keys_are_told(environment: Environment, loopback: Any, tmp_path: Path) -> None:
    path = loopback.write(tmp_path / "kari.grille", private_key="damaged")
    assert outcome(["login", str(path)], environment) in (2, 3)
    assert err_of(environment).startswith("Error:")


def test_without_a_login_nothing_is_asked(environment: Environment) -> None:
    assert outcome(["variables"], environment) == 2
    assert "grille login" in err_of(environment)
