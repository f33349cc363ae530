"""Policies: profiles, files, and that a project only tightens."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from grille.server.disclosure.policy import Policy
from grille.server.disclosure.policy_file import load_policy
from grille.server.disclosure.policy_file import written as toml_text
from grille.server.disclosure.policy_numbers import NUMBERS
from grille.server.errors import AccessDeniedError, TypeMismatchError


def written(folder: Path, text: str) -> Path:
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_standard_has_the_published_numbers() -> None:
    policy = Policy.standard()
    assert policy == Policy()
    assert (policy.population_min, policy.model_min, policy.cell_min, policy.condition_min) == (1000, 100, 10, 10)
    assert (policy.dominance_one_max, policy.dominance_two_max) == (0.5, 0.67)
    assert (policy.number_digits, policy.model_digits, policy.percentile_digits) == (5, 5, 3)


def test_strict_is_standard_with_fewer_digits_rounded_counts_and_replies_at_fixed_times() -> None:
    strict = Policy.strict()
    assert strict == Policy(profile="strict", number_digits=3, model_digits=3, count_base=10, reply_step_ms=1000)
    assert (strict.winsorises_models, Policy.standard().winsorises_models) == (True, False)
    assert Policy.strict().looser_keys(Policy.standard()) == ()


@pytest.mark.parametrize("profile", ["open", "standard", "strict"])
def test_a_file_with_a_profile_alone_is_the_profile(tmp_path: Path, profile: str) -> None:
    assert load_policy(written(tmp_path, f'profile = "{profile}"')) == Policy.named(profile)


def test_an_empty_file_is_standard(tmp_path: Path) -> None:
    assert load_policy(written(tmp_path, "")) == Policy.standard()


def test_a_file_may_tighten_numbers(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, 'profile = "standard"\ncell_min = 20\ndominance_one_max = 0.3'))
    assert policy == dataclasses.replace(Policy(), cell_min=20, dominance_one_max=0.3)


def test_a_whole_number_is_taken_for_a_fraction_key(tmp_path: Path) -> None:
    policy = load_policy(written(tmp_path, "units_per_parameter_min = 20"))
    assert isinstance(policy.units_per_parameter_min, float)


@pytest.mark.parametrize(
    "text,key",
    [
        ("cell_minimum = 20", "cell_minimum"),
        ('cell_min = "20"', "cell_min"),
        ("cell_min = true", "cell_min"),
        ("cell_min = 10.5", "cell_min"),
        ("cell_min = -1", "cell_min"),
        ("r2_max = nan", "r2_max"),
        ("r2_max = 0.995", "r2_max"),
        ("cell_min = 5", "cell_min"),
        ("difference_min = 13", "difference_min"),
        ("percentile_digits = 4", "percentile_digits"),
        ('profile = "lax"', "lax"),
        ("profile = 3", "profile"),
        ("cell_min = ", "TOML"),
    ],
)
def test_a_faulty_file_is_refused_with_the_key_in_the_message(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(TypeMismatchError) as caught:
        load_policy(written(tmp_path, text))
    assert caught.value.reason == "POLICY_INVALID"
    assert key in caught.value.message.en
    assert key in caught.value.message.no


def test_a_project_may_tighten_its_banks_policy() -> None:
    tighter = dataclasses.replace(Policy.standard(), cell_min=20, r2_max=0.9)
    assert Policy.standard().tightened(tighter) is tighter
    assert Policy.standard().tightened(Policy.strict()) == Policy.strict()
    assert Policy.open().tightened(Policy.standard()) == Policy.standard()


@pytest.mark.parametrize("item", [item for item in dataclasses.fields(Policy) if item.name != "profile"])
def test_a_project_may_loosen_no_number(item: dataclasses.Field[float]) -> None:
    limit = Policy.standard()
    step = -1 if item.metadata["tighter"] == "higher" else 1
    looser = dataclasses.replace(limit, **{item.name: getattr(limit, item.name) + step})
    with pytest.raises(AccessDeniedError) as caught:
        limit.tightened(looser)
    assert caught.value.reason == "POLICY_LOOSER"
    assert item.name in caught.value.message.en


def test_a_project_may_not_have_a_looser_profile_than_its_bank() -> None:
    with pytest.raises(AccessDeniedError, match="profile"):
        Policy.strict().tightened(Policy.open())
    with pytest.raises(AccessDeniedError, match="profile"):
        Policy.strict().tightened(dataclasses.replace(Policy.strict(), profile="standard"))


def test_the_open_profile_loosens_nothing_as_it_refuses_what_is_not_public() -> None:
    assert Policy.standard().tightened(Policy.open()) == Policy.open()
    assert Policy.open().looser_keys(Policy.standard()) == ("profile",), "for a bank itself it is looser"


def test_two_policies_join_to_the_tighter_number_of_each_key() -> None:
    one = dataclasses.replace(Policy.standard(), cell_min=20, r2_max=0.95)
    other = dataclasses.replace(Policy.strict(), cell_min=15, r2_max=0.9)
    joined = one.joined(other)
    assert joined == dataclasses.replace(Policy.strict(), cell_min=20, r2_max=0.9)
    assert joined.looser_keys(one) == joined.looser_keys(other) == ()
    assert Policy.open().joined(one) == one.joined(Policy.open()) == one


def test_every_number_has_a_range_that_holds_the_profiles_and_a_source() -> None:
    numbers = {item.name for item in dataclasses.fields(Policy)} - {"profile"}
    assert set(NUMBERS) == numbers
    for key, spec in NUMBERS.items():
        for policy in (Policy.standard(), Policy.strict()):
            assert spec.low <= getattr(policy, key) <= spec.high
        assert spec.source
        assert spec.meaning.en in (Policy.__doc__ or "")
        assert spec.meaning.no


@pytest.mark.parametrize("key", sorted(NUMBERS))
def test_a_number_beyond_its_range_is_refused_with_line_and_range(tmp_path: Path, key: str) -> None:
    spec = NUMBERS[key]
    kind = type(getattr(Policy.standard(), key))
    for value in (spec.low - 1, spec.high + 1):
        path = written(tmp_path, f'# a comment\nprofile = "standard"\n{key} = {kind(value)}\n')
        with pytest.raises(TypeMismatchError) as caught:
            load_policy(path, may_loosen_profile=True)
        assert "policy.toml, line 3" in caught.value.message.en
        assert f"{key} must be between {spec.low:.10g} and {spec.high:.10g}" in caught.value.message.en
        assert "policy.toml, linje 3" in caught.value.message.no


def test_numbers_that_are_compared_with_a_bank_may_be_looser_than_the_profile(tmp_path: Path) -> None:
    path = written(tmp_path, "cell_min = 5")
    assert load_policy(path, may_loosen_profile=True).cell_min == 5
    with pytest.raises(TypeMismatchError, match="looser than the profile standard"):
        load_policy(path)


@pytest.mark.parametrize(
    "policy",
    [Policy.open(), Policy.standard(), Policy.strict(), dataclasses.replace(Policy(), cell_min=20, r2_max=0.9)],
)
def test_a_written_policy_is_read_as_the_same_and_names_every_number(tmp_path: Path, policy: Policy) -> None:
    text = toml_text(policy, "A heading.")
    assert load_policy(written(tmp_path, text), may_loosen_profile=True) == policy
    assert [item.name for item in dataclasses.fields(Policy) if f"{item.name} = " not in text] == []
