"""What the server leaves in files, environments, command lines and logs: no key, and no value of the data."""

from __future__ import annotations

import json
import stat
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.mishaps import (
    PEOPLE,
    RawClient,
    command_line,
    copy_of,
    descendants,
    raw_client,
    server_pid,
    serving,
    workers,
)
from support.service import Service

from grille.server.catalog import bank_file
from grille.server.operations.home import Home
from grille.server.operations.keys import load_keys


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(copy_of(template, tmp_path_factory.mktemp("secrecy"))) as served:
        yield served


@pytest.fixture
def raw(service: Service) -> Iterator[RawClient]:
    with raw_client(service) as connected:
        yield connected


@pytest.fixture
def session(raw: RawClient) -> Iterator[str]:
    opened = raw.open()
    assert raw.run(opened, PEOPLE + "generate half = wage / 2\nsummarize wage half\n")[-1].HasField("finished")
    yield opened
    raw.close(opened)


def secrets_of(service: Service) -> list[bytes]:
    """Every key of the home, as written and as bytes, and the keys of its banks."""
    home = Home(service.home)
    files = [path.read_bytes().strip() for path in (home.record_key, home.database_key, home.ledger_key)]
    bank = load_keys(home).bank_key("no.ssb.fdb").encode()
    return [*files, *(bytes.fromhex(text.decode()) for text in (*files, bank)), bank, b"PRIVATE KEY"]


def test_no_process_has_a_key_in_its_environment_or_command_line(service: Service, session: str) -> None:
    pids = {server_pid(service), *descendants(server_pid(service))}
    assert len(pids) >= 4
    for pid in pids:
        seen = Path(f"/proc/{pid}/environ").read_bytes() + command_line(pid).encode()
        assert not [secret for secret in secrets_of(service) if secret in seen]


def test_a_worker_has_nothing_open_but_its_session_and_its_banks(service: Service, session: str) -> None:
    (pid,) = workers(service)
    open_files = {Path(f"/proc/{pid}/fd/{entry.name}").readlink() for entry in Path(f"/proc/{pid}/fd").iterdir()}
    in_home = {path.relative_to(service.home).parts[0] for path in open_files if path.is_relative_to(service.home)}
    assert in_home == {"banks", "sessions"}
    assert {path.parent.name for path in open_files if "sessions" in path.parts} == {session}


def test_every_file_of_the_home_belongs_to_its_owner_alone(service: Service, session: str) -> None:
    wrong = [path for path in service.home.rglob("*") if path.lstat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)]
    assert wrong == []


def test_no_value_of_the_data_stands_in_any_log_or_file(service: Service, raw: RawClient, session: str) -> None:
    """The wages of the bank with seven digits: so many and so odd that none of them occurs by chance."""
    refused = ("keep if wage == 1\nsummarize wage\n", "tabulate wage\n", "regress wage wage\n", "generate x = 1 / 0\n")
    for script in refused:
        raw.run(session, script)
    wages = [wage for wage in wages_of(service) if wage >= 1_000_000]
    assert len(wages) > 20
    needles = {str(wage).encode() for wage in wages} | {struct.pack("<d", wage) for wage in wages}
    released = released_text(raw, session)
    files = [path for path in service.home.rglob("*") if path.is_file()]
    assert any("session.duckdb" in path.name for path in files)
    for path in [*files, service.folder / "server.log"]:
        content = path.read_bytes()
        assert not [needle for needle in needles if needle in content], path
    assert released  # the session did answer


def released_text(raw: RawClient, session: str) -> str:
    """What the session answers about wages."""
    return "".join(str(event) for event in raw.run(session, "use people\nsummarize wage\n"))


def wages_of(service: Service) -> list[int]:
    """The distinct wages of the bank, read with its key."""
    home = Home(service.home)
    key = load_keys(home).bank_key("no.ssb.fdb")
    with bank_file.open_version(home.banks, "no.ssb.fdb", 30, key) as connection:
        rows = connection.execute('SELECT DISTINCT CAST("value" AS BIGINT) FROM bank."INNTEKT_LONN"').fetchall()
    return [int(wage) for (wage,) in rows]


def test_the_server_log_is_json_and_names_no_script(service: Service, session: str) -> None:
    lines = [json.loads(line) for line in service.log().splitlines()]
    assert {"serving", "call"} <= {line["event"] for line in lines}
    assert "wage" not in service.log()


def test_sessions_open_and_commands_answer_quickly(raw: RawClient) -> None:
    opening, answering = [], []
    for _ in range(3):
        start = time.perf_counter()
        session = raw.open()
        opening.append(time.perf_counter() - start)
        raw.run(session, "create-dataset x\n")
        for _ in range(5):
            start = time.perf_counter()
            raw.run(session, "use x\n")
            answering.append(time.perf_counter() - start)
        raw.close(session)
    print(f"opened in {min(opening) * 1000:.0f} ms, answered in {min(answering) * 1000:.1f} ms")
    assert min(opening) < 1.0  # 0.25 s on a quiet machine
    assert min(answering) < 0.1  # 4 ms on a quiet machine
