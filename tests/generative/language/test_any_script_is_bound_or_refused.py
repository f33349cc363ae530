"""Random scripts by the grammar, and mutations of them: parsed, bound and explained they give plans or clean errors.

`make fuzz` asks the same of a million.
"""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.random_scripts import Writer, mutated, shortest
from support.script_judge import judge

SURROGATES = "surrogatepass"


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_any_script_is_bound_or_refused(chance: Random) -> None:
    judge(Writer(chance).script().encode(errors=SURROGATES))


def test_the_same_ten_times_hundred_scripts_are_bound_or_refused() -> None:
    bound = sum(judge(Writer(Random(seed)).script().encode(errors=SURROGATES)) for seed in range(1_000))
    assert bound > 200  # the writer writes sound commands too, so that the parts behind the parser are reached


def test_a_failing_script_is_made_short() -> None:
    long = "".join(mutated("tabulate sex if wage > 1 & age < 30, missing\n", Random(seed)) for seed in range(9))
    assert shortest(long + "drop oddity\n", lambda text: "oddity" in text) == "oddity"
