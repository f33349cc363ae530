"""Under the profile strict, replies leave at fixed moments and are told no other time."""

from __future__ import annotations

import time

import pytest
from support.mishaps import PEOPLE
from support.service import Service


@pytest.fixture(scope="module")
def strict(service: Service) -> str:
    service.add_project("slow", policy="strict")
    service.add_user("pia", "slow")
    return "pia"


@pytest.mark.parametrize("condition,status", [("sex == '1'", "ok"), ("sex == '9'", "refused")])
def test_answers_and_refusals_are_told_the_same_time(
    service: Service, strict: str, condition: str, status: str
) -> None:
    began = time.monotonic()
    results = service.run(PEOPLE + f"summarize wage if {condition}\n", user=strict)["results"]
    assert results[-1]["status"] == status
    assert {result["elapsed_ms"] % 1000 for result in results} == {0}
    assert {result["elapsed_ms"] for result in results} <= {1000, 2000, 4000, 8000}  # more than one on a busy machine
    assert time.monotonic() - began > sum(result["elapsed_ms"] for result in results) / 1000


def test_control_otherwise_the_time_is_that_of_the_command(service: Service) -> None:
    results = service.run(PEOPLE + "summarize wage\n")["results"]
    assert any(result["elapsed_ms"] % 1000 for result in results)
