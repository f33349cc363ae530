"""Every heavy command can be cancelled at any moment, arithmetic included, and the session keeps its data sets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

import pytest
from support.cancelling import AFTER, HEAVY, PREPARED, cancel_at, late_at, moments
from support.mishaps import (
    RawClient,
    commands_of,
    copy_of,
    raw_client,
    reason_of,
    serving,
    soon,
    workers,
)
from support.service import Service


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(copy_of(template, tmp_path_factory.mktemp("heavy"))) as served:
        yield served


@pytest.fixture(scope="module")
def raw(service: Service) -> Iterator[RawClient]:
    with raw_client(service) as connected:
        yield connected


@pytest.fixture(scope="module")
def session(raw: RawClient) -> Iterator[str]:
    opened = raw.open()
    assert raw.run(opened, PREPARED)[-1].HasField("finished")
    yield opened
    raw.close(opened)


def answer(raw: RawClient, session: str) -> list[bytes]:
    """What the session says afterwards, as bytes."""
    found = raw.run(session, AFTER)
    assert found[-1].HasField("finished"), found[-1]
    return [one.block.SerializeToString(deterministic=True) for one in found if one.HasField("block")]


@pytest.mark.parametrize("kind", HEAVY)
def test_cancelled_at_random_moments_it_stops_and_the_next_command_is_answered(
    service: Service, raw: RawClient, session: str, kind: str
) -> None:
    expected = answer(raw, session)
    for seconds in islice(moments(Random(kind), 0.8), 3):
        reason, _ = cancel_at(raw, session, HEAVY[kind], seconds)
        assert reason not in ("WORKER_LOST", "WORKER_FAULT", "SERVER_FAULT")  # it may have been answered or refused
        assert answer(raw, session) == expected


def test_a_wide_regression_is_cancelled_within_its_arithmetic(service: Service, raw: RawClient, session: str) -> None:
    expected = answer(raw, session)
    reason, _ = cancel_at(raw, session, HEAVY["wide regress"], 0.0)
    assert reason == "CANCELLED"
    assert commands_of(service, session)[-1]["reason"] == "CANCELLED"
    assert answer(raw, session) == expected
    assert len(workers(service)) == 1  # the same one, or one in its place


@pytest.mark.parametrize("kind", ["wide regress", "tabulate", "generate"])
def test_the_deadline_of_a_client_stops_the_work(service: Service, raw: RawClient, session: str, kind: str) -> None:
    expected = answer(raw, session)
    before = len(commands_of(service, session))
    assert late_at(raw, session, HEAVY[kind], 0.3) == "DEADLINE_EXCEEDED"
    soon(lambda: len(commands_of(service, session)) > before)
    soon(lambda: reason_of(lambda: raw.run(session, "history\n")) == "OK")
    stopped = commands_of(service, session)[before]
    assert (stopped["outcome"], stopped["reason"]) == ("failed", "CANCELLED")
    assert answer(raw, session) == expected
