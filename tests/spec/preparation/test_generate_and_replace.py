import numpy as np
import pytest
from support.small_bank import truth
from support.workbench import START

from grille.server.errors import GrilleError
from grille.server.plan.expressions import ValueType

DATA = START + "import r/KJONN as sex\nimport r/LONN 2022-12-31 as wage\nimport r/FODT as born\n"


def wages():
    return truth().wage[2022]


def test_a_comparison_gives_one_and_zero_for_all_units(bench):
    evidence = bench.run(DATA + "generate man = sex == '1'\ngenerate high = wage > 500000")
    known = truth()
    assert bench.table("man") == {1.0: 1500, 0.0: 1500}
    assert bench.table("high") == {
        1.0: (np.nan_to_num(known.wage[2022]) > 500_000).sum(),
        0.0: 3000 - (np.nan_to_num(known.wage[2022]) > 500_000).sum(),
    }
    assert evidence.counts["missing"].n == 0
    assert evidence.touched == ()


def test_units_outside_the_condition_get_missing_values(bench):
    evidence = bench.run(DATA + "generate x = born if sex == '1'")
    assert [one for one in bench.values("x") if one is not None] == list(truth().born[::2])
    assert evidence.counts["missing"].n == 1500
    (found,) = evidence.touched
    selected, left = found.selected, found.left
    assert (selected.n, left.n) == (1500, 1500)
    known = truth().record_key
    assert selected.key == sum(int(key) for key in known[::2]) % 2**64
    assert left.key == sum(int(key) for key in known[1::2]) % 2**64


def test_missing_operands_give_missing_values(bench):
    evidence = bench.run(DATA + "generate half = wage / 2")
    assert evidence.counts["missing"].n == np.isnan(wages()).sum()
    assert bench.values("half")[7] == (None if np.isnan(wages()[7]) else wages()[7] / 2)


def test_text_can_be_made(bench):
    bench.run(DATA + "generate code = rowconcat('x', sex)")
    assert bench.scope.datasets["d"].variables["code"].type is ValueType.STRING
    assert bench.table("code") == {"x1": 1500, "x2": 1500}


@pytest.mark.parametrize("k", [2, 4, 10])
def test_quantile_parts_units_into_groups_of_equal_count(bench, k):
    bench.run(DATA + f"generate g = quantile(wage, {k})")
    values = wages()[~np.isnan(wages())]
    expected = np.searchsorted(np.quantile(values, np.arange(1, k) / k), values)
    found = np.array([one for one in bench.values("g") if one is not None], dtype=float)
    np.testing.assert_array_equal(found, expected)
    assert set(found) == set(range(k))
    counts = np.bincount(found.astype(int))
    assert counts.max() - counts.min() <= len(values) * 0.02
    assert bench.scope.datasets["d"].variables["g"].order_statistic


def test_quantile_with_a_condition_looks_at_the_chosen_units_alone(bench):
    bench.run(DATA + "generate g = quantile(wage, 2) if sex == '1'")
    men = wages()[::2]
    middle = np.median(men[~np.isnan(men)])
    found = bench.values("g")
    assert all(one is None for one in found[1::2])
    expected = [None if np.isnan(one) else float(one > middle) for one in men]
    assert [None if one is None else float(one) for one in found[::2]] == expected


def test_what_a_variable_is_computed_from_is_remembered(bench):
    bench.run(DATA + "generate a = wage / born\ngenerate b = 1 if a > 2\nreplace b = 0 if sex == '2'\ngenerate one = 1")
    variables = bench.scope.datasets["d"].variables
    bank = "no.test.small"
    assert variables["a"].lineage == {f"{bank}/LONN@2022-12-31", f"{bank}/FODT"}
    assert variables["b"].lineage == {f"{bank}/LONN@2022-12-31", f"{bank}/FODT", f"{bank}/KJONN"}
    assert variables["one"].sensitivity == "PUBLIC"
    assert variables["a"].sensitivity == "PERSON_GENERAL"


def test_replace_changes_values_where_the_condition_holds(bench):
    evidence = bench.run(DATA + "replace wage = 0 if sysmiss(wage)")
    np.testing.assert_array_equal(bench.values("wage").astype(float), np.nan_to_num(wages()))
    missing = np.isnan(wages()).sum()
    assert evidence.counts["changed"].n == missing
    assert [(one.selected.n, one.left.n) for one in evidence.touched] == [(missing, 3000 - missing)]


def test_replace_without_condition_may_change_the_type(bench):
    bench.run(DATA + "replace born = string(born)")
    assert bench.scope.datasets["d"].variables["born"].type is ValueType.STRING
    assert bench.values("born")[0] == "194001"


def test_the_missing_value_can_be_assigned_to_text_and_numbers(bench):
    bench.run(DATA + "replace sex = . if sex == '2'\nreplace wage = .")
    assert bench.table("sex") == {"1": 1500, None: 1500}
    assert bench.table("wage") == {None: 3000}


def test_replace_keeps_labels_and_forgets_that_codes_are_documented(bench):
    bench.run(DATA + "replace sex = '2' if wage > 700000")
    variable = bench.scope.datasets["d"].variables["sex"]
    assert variable.labels.labels["1"].en == "Male"
    assert not variable.documented


@pytest.mark.parametrize(
    "command,reason,place",
    [
        ("generate wage = 1", "NAME_TAKEN", "wage"),
        ("generate x = wag + 1", "UNKNOWN_VARIABLE", "wag"),
        ("generate x = 1 if sex", "TYPE_MISMATCH", None),
        ("replace wag = 1", "UNKNOWN_VARIABLE", "wag"),
        ("replace sex = 1 if wage > 2", "TYPE_MISMATCH", "sex"),
        ("generate x = quantile(wage, 4) + 1", "WINDOW_FUNCTION_NOT_ALONE", None),
    ],
)
def test_a_wrong_assignment_tells_what_is_wrong_and_where(bench, command, reason, place):
    bench.run(DATA)
    with pytest.raises(GrilleError) as caught:
        bench.run(command)
    error = caught.value
    assert error.reason == reason
    assert place is None or command[error.span.start : error.span.end] == place


def test_a_data_set_without_population_has_nothing_to_compute(bench):
    bench.run(START)
    with pytest.raises(GrilleError) as caught:
        bench.run("generate x = 1")
    assert caught.value.reason == "DATASET_EMPTY"
