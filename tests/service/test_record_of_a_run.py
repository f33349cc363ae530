"""Every command has one record, written before its answer, with a digest of exactly the bytes that were sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from support.mishaps import PEOPLE, RawClient, commands_of, copy_of, raw_client, records_of, serving
from support.service import Service

SCRIPT = PEOPLE + (
    "generate half = wage / 2\n"
    "tabulate sex\n"
    "summarize wage half\n"
    "histogram wage, bin(10)\n"
    "regress half i.sex\n"
    "boxplot wage, over(sex)\n"
)


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(copy_of(template, tmp_path_factory.mktemp("records"))) as served:
        yield served


@pytest.fixture
def raw(service: Service) -> Iterator[RawClient]:
    with raw_client(service) as connected:
        yield connected


@pytest.fixture
def session(raw: RawClient) -> Iterator[str]:
    opened_session = raw.open()
    yield opened_session
    raw.close(opened_session)


def test_every_command_is_recorded_once_in_order_and_before_its_answer(
    service: Service, raw: RawClient, session: str
) -> None:
    sources, numbers, digests = [], [], []
    total = hashlib.sha256()
    for event in raw.stream(session, SCRIPT):
        if event.HasField("accepted"):
            sources.append(event.accepted.source)
            total = hashlib.sha256()
        elif event.HasField("block"):
            # the record is on disk by the time that the first piece of the answer arrives
            assert len(commands_of(service, session)) >= len(sources)
            encoded = event.block.SerializeToString(deterministic=True)
            total.update(len(encoded).to_bytes(8, "big") + encoded)
        elif event.HasField("finished"):
            numbers.append(event.finished.audit_record)
            digests.append(total.hexdigest())
    records = commands_of(service, session)
    assert [one["source"] for one in records] == sources == SCRIPT.splitlines()
    assert [one["sequence"] for one in records] == numbers == sorted(set(numbers))
    assert [one["released_digest"] for one in records] == digests
    assert {one["outcome"] for one in records} == {"answered"}
    assert {(one["subject"], one["project"]) for one in records} == {("ada", "wages")}
    assert records[-1]["banks"] == [["no.ssb.fdb", 30]]
    assert all(one["analysis_sets"] for one in records[5:])


def test_refusals_and_failures_are_recorded_with_their_reason_and_no_digest(
    service: Service, raw: RawClient, session: str
) -> None:
    raw.run(session, PEOPLE)
    tried = {
        "tabulate sex if sex == '9'": ("refused", None),
        "generate half = nobody / 2": ("failed", "UNKNOWN_VARIABLE"),
        "tabulat sex": ("failed", "UNKNOWN_COMMAND"),
    }
    for script, (outcome, reason) in tried.items():
        last = raw.run(session, script + "\n")[-1]
        record = commands_of(service, session)[-1]
        assert (record["source"].strip(), record["outcome"]) == (script, outcome)
        assert record["reason"] == last.failed.error.reason == (reason or record["reason"])
        assert record["sequence"] == last.failed.audit_record
        assert record["released_digest"] == ""


def test_the_same_question_has_the_same_digest_in_another_session(service: Service, raw: RawClient) -> None:
    digests = []
    for _ in range(2):
        session = raw.open()
        raw.run(session, SCRIPT)
        digests.append([one["released_digest"] for one in commands_of(service, session)])
        raw.close(session)
    assert digests[0] == digests[1]


def test_sessions_are_recorded_from_opening_to_closing(service: Service, raw: RawClient) -> None:
    session = raw.open()
    raw.run(session, "create-dataset x\n")
    raw.close(session)
    mine = [one for one in records_of(service) if one["session"] == session]
    assert [one["event"] for one in mine] == ["session_opened", "command", "session_closed"]
    assert mine[-1]["detail"] == {"reason": "closed"}


def test_every_set_that_single_figures_are_about_is_in_the_record(
    service: Service, raw: RawClient, session: str
) -> None:
    raw.run(
        session,
        PEOPLE + "generate men = wage if sex == '1'\ncorrelate wage men, pairwise covariance\n"
        "anova wage sex, posthoc\nsummarize wage\n",
    )
    correlate, anova, summarize = commands_of(service, session)[-3:]
    assert [one["command"] for one in (correlate, anova, summarize)] == ["correlate", "anova", "summarize"]
    # anova: the whole and each group that is compared
    assert [len(one["analysis_sets"]) for one in (anova, summarize)] == [3, 1]
    assert summarize["analysis_sets"][0] in correlate["analysis_sets"]
    assert len(set(correlate["analysis_sets"])) == len(correlate["analysis_sets"]) == 2
