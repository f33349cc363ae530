"""A full disk fails a command and nothing else; no answer leaves without its record; all is well when there is room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.mishaps import (
    PEOPLE,
    RawClient,
    commands_of,
    copy_of,
    full_disk,
    raw_client,
    reason_of,
    records_of,
    server_pid,
    serving,
    workers,
)
from support.service import Service


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(copy_of(template, tmp_path_factory.mktemp("disk"))) as served:
        yield served


@pytest.fixture
def raw(service: Service) -> Iterator[RawClient]:
    with raw_client(service) as connected:
        yield connected


@pytest.fixture
def session(raw: RawClient) -> Iterator[str]:
    opened = raw.open()
    assert raw.run(opened, PEOPLE)[-1].HasField("finished")
    yield opened
    raw.close(opened)


def test_a_session_without_disk_space_says_so_and_goes_on_when_there_is_some(
    service: Service, raw: RawClient, session: str
) -> None:
    before = raw.run(session, "summarize wage\n")
    (pid,) = workers(service)
    with full_disk(pid, (service.home / "sessions" / session / "session.duckdb").stat().st_size):
        failures = [raw.failure(session, f"generate copy{i} = wage / {i + 3}\n") for i in range(3)]
        assert set(failures) == {"DISK_FULL"}
        done = service.grille("run", "-", "--session", session, stdin="generate more = wage / 7\n")
        assert (done.code, "[DISK_FULL]" in done.out + done.err) == (1, True)
        assert "disk space" in done.out + done.err
    assert raw.run(session, "generate copy0 = wage / 3\nsummarize copy0\n")[-1].HasField("finished")
    after = raw.run(session, "summarize wage\n")
    blocks = [[event.block for event in events if event.HasField("block")] for events in (before, after)]
    assert blocks[0] == blocks[1] != []


def audit_size(service: Service) -> int:
    return max(path.stat().st_size for path in (service.home / "audit").glob("records-*"))


def test_nothing_is_answered_while_the_audit_log_cannot_be_written(
    service: Service, raw: RawClient, session: str
) -> None:
    records = len(records_of(service))
    with full_disk(server_pid(service), audit_size(service)):
        for script in ("create-dataset other\n", "history\n", "tabulat sex\n", "generate half = wage / 2\n"):
            call = raw.stream(session, script)
            seen = []
            assert reason_of(lambda call=call, seen=seen: seen.extend(call)) == "AUDIT_UNAVAILABLE"
            assert not [event for event in seen if event.WhichOneof("event") not in ("accepted", "progress")]
        assert reason_of(raw.open) == "AUDIT_UNAVAILABLE"
        done = service.grille("run", "-", "--session", session, stdin="summarize wage\n")
        assert (done.code, "[AUDIT_UNAVAILABLE]" in done.err) == (1, True)
        assert len(workers(service)) == 1
    assert len(records_of(service)) == records
    assert raw.run(session, "use people\ngenerate half = wage / 2\nsummarize half\n")[-1].HasField("finished")
    assert len(commands_of(service, session)) == 7


def test_callers_are_answered_also_when_the_server_s_own_log_has_no_room(
    service: Service, raw: RawClient, session: str
) -> None:
    with full_disk(server_pid(service), 0):
        for _ in range(20):
            assert reason_of(lambda: raw.run(session, "history\n")) == "AUDIT_UNAVAILABLE"
        assert reason_of(raw.open) == "AUDIT_UNAVAILABLE"
    assert raw.run(session, "history\n")[-1].HasField("finished")


def test_nothing_is_released_while_the_ledger_cannot_be_written(service: Service, raw: RawClient, session: str) -> None:
    ledger = service.home / "ledger.sqlite-wal"
    for wage in range(200_000, 600_000, 20_000):  # the ledger grows faster than the log, which has room then
        raw.run(session, f"tabulate sex if wage > {wage}\n")
    assert ledger.stat().st_size > audit_size(service) + 10_000
    with full_disk(server_pid(service), ledger.stat().st_size):
        last = raw.run(session, "tabulate sex if wage < 450000\n")[-1]
        assert last.failed.error.reason == "LEDGER_UNAVAILABLE"
    assert raw.run(session, "tabulate sex if wage < 450000\n")[-1].HasField("finished")
