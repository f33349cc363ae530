"""The custodian's command line, as a custodian runs it."""

import json
import statistics
import time
from pathlib import Path

import pytest
from support.service import Done, command

from grille.server.audit.log import AuditLog
from grille.server.audit.record import AuditRecord, Event
from grille.server.operations.home import Home
from grille.server.operations.keys import load_keys


def server(*arguments: object, **options: object) -> Done:
    return command("grille-server", *arguments, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("custodian") / "home"
    assert server("init", path).code == 0
    made = server("bank", "synthesize", path, "--bank", "no.ssb.fdb", "--version", 30, "--persons", 2000)
    assert made.code == 0, made.err
    assert server("project", "add", path, "wages", "--bank", "no.ssb.fdb").code == 0
    return path


def test_a_home_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "home"
    done = server("init", path, "--name", "oslo", "--host", "grille.example.org")
    assert (done.code, done.err) == (0, "")
    assert "grille.example.org" in done.out
    assert f"grille-server bank synthesize {path}" in done.out
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    again = server("init", path)
    assert (again.code, again.out) == (1, "")
    assert again.err.startswith("grille-server: HOME_EXISTS: ")
    assert before == {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}


def test_a_bank_is_listed_and_its_version_made_once(home: Path) -> None:
    assert ["no.ssb.fdb", "30"] in [line.split()[:2] for line in server("bank", "list", home).out.splitlines()]
    again = server("bank", "synthesize", home, "--bank", "no.ssb.fdb", "--version", 30, "--persons", 2000)
    assert again.code == 1
    assert "VERSION_EXISTS" in again.err


def test_a_project_needs_an_existing_bank_and_a_valid_policy(home: Path, tmp_path: Path) -> None:
    unknown = server("project", "add", home, "health", "--bank", "no.ssb.fdc")
    assert unknown.code == 1
    assert "UNKNOWN_BANK" in unknown.err
    assert "no.ssb.fdb" in unknown.err
    bank = ("--bank", "no.ssb.fdb")
    assert "UNKNOWN_POLICY" in server("project", "add", home, "health", *bank, "--policy", "lax").err
    (tmp_path / "policy.toml").write_text("nonsense = 1\n")
    assert server("project", "add", home, "health", *bank, "--policy", tmp_path / "policy.toml").code == 1
    assert "PROJECT_EXISTS" in server("project", "add", home, "wages", *bank).err
    listed = server("project", "list", home).out.splitlines()
    assert [line.split()[:3] for line in listed[1:]] == [["wages", "standard", "no.ssb.fdb"]]


def test_a_policy_file_is_copied_into_the_home(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "policy.toml"
    source.write_text('profile = "strict"\n')
    added = server("project", "add", home, "careful", "--bank", "no.ssb.fdb", "--policy", source)
    assert added.code == 0, added.err
    source.unlink()
    assert (home / "policies" / "careful.toml").read_text() == 'profile = "strict"\n'


def test_a_user_gets_a_bundle_that_is_never_overwritten(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "kari.grille"
    arguments = ("user", "add", home, "kari", "--project", "wages", "--role", "researcher", "--out", out)
    done = server(*arguments, "--server", "127.0.0.1:9000", "--days", 30)
    assert done.code == 0, done.err
    assert f"grille login {out}" in done.out
    content = out.read_text()
    assert json.loads(content)["server"] == "127.0.0.1:9000"
    assert "PRIVATE KEY" not in done.out
    assert "FILE_EXISTS" in server(*arguments).err
    assert out.read_text() == content
    (line,) = [line for line in server("user", "list", home).out.splitlines() if line.startswith("kari")]
    assert "wages (researcher)" in line
    assert "Revoked 1" in server("user", "revoke", home, "kari").out
    assert server("user", "remove", home, "kari", "--project", "wages").code == 0
    assert server("user", "remove", home, "kari", "--project", "wages").code == 1


def test_an_unknown_role_names_the_roles(home: Path, tmp_path: Path) -> None:
    done = server("user", "add", home, "ola", "--project", "wages", "--role", "boss", "--out", tmp_path / "x")
    assert done.code == 1
    assert "UNKNOWN_ROLE" in done.err
    assert "auditor" in done.err


def test_an_audit_log_is_verified_and_tampering_found(tmp_path: Path) -> None:
    path = tmp_path / "home"
    server("init", path)
    found = Home.existing(path)
    with AuditLog(found.audit, load_keys(found).audit_signing) as log:
        for _ in range(3):
            log.append(AuditRecord(Event.COMMAND, subject="kari", source="summarize x"))
    sound = server("audit", "verify", path)
    assert (sound.code, sound.err) == (0, "")
    assert "3 records" in sound.out
    anchor = sound.out.split("--anchor ")[1].strip()
    assert server("audit", "verify", path, "--anchor", anchor).code == 0
    copy = ("audit", "verify", found.audit, "--public-key", found.audit_public_key)
    assert server(*copy).code == 0
    assert server("audit", "verify", path, "--anchor", "3:" + "0" * 64).code == 1
    file = found.audit / "records-000000000001.jsonl"
    file.write_bytes(file.read_bytes().replace(b"kari", b"kaci", 1))
    harmed = server("audit", "verify", path)
    assert harmed.code == 1
    assert "RECORD_CHANGED: record 1 was changed" in harmed.out
    norwegian = server("--lang", "no", "audit", "verify", path)
    assert "oppføring 1 er endret" in norwegian.out


@pytest.mark.parametrize("arguments", [("bank", "list"), ("project", "list"), ("user", "list"), ("serve",)])
def test_a_folder_that_is_no_home_is_told_in_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = server(*arguments, tmp_path)
    assert done.code == 1
    assert done.err.startswith("grille-server: HOME_NOT_FOUND: ")
    assert "Traceback" not in done.err


def test_wrong_usage_has_its_own_exit_code() -> None:
    assert server("nonsense").code == 2
    assert server("init").code == 2
    assert server("bank", "synthesize", "x", "--bank", "a", "--version", "x", "--persons", "1").code == 2


def test_a_wrong_setting_stops_the_server_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "home"
    server("init", path)
    (path / "config.toml").write_text("[server]\nlistne = 'x'\n")
    done = server("serve", path)
    assert done.code == 1
    assert "CONFIG_UNKNOWN_KEY" in done.err
    assert "server.listne" in done.err


def test_help_and_version_are_quick() -> None:
    for option in ("--help", "--version"):
        times = []
        for _ in range(3):
            start = time.perf_counter()
            assert server(option).code == 0
            times.append(time.perf_counter() - start)
        assert statistics.median(times) < 2.0  # 0.4 s on a quiet machine
