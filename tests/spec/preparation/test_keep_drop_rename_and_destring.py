import numpy as np
import pytest
from support.small_bank import truth
from support.workbench import START

from grille.server.errors import GrilleError
from grille.server.plan.expressions import ValueType

DATA = START + "import r/KJONN as sex\nimport r/LONN 2022-12-31 as wage\nimport r/YRKE 2022-11-16 as job\n"


def reason_of(bench, command):
    with pytest.raises(GrilleError) as caught:
        bench.run(command)
    return caught.value.reason


def touched(evidence):
    return [(one.selected, one.left) for one in evidence.touched]


def high_wage():
    return np.nan_to_num(truth().wage[2022]) > 500_000


def test_keep_removes_units_whose_condition_is_missing(bench):
    evidence = bench.run(DATA + "keep if wage > 500000")
    assert bench.count() == high_wage().sum()
    assert evidence.population == evidence.counts["kept"]
    assert evidence.counts["kept"].n == high_wage().sum()
    assert evidence.counts["dropped"].n == 3000 - high_wage().sum()
    assert touched(evidence) == [(evidence.counts["kept"], evidence.counts["dropped"])]


def test_drop_leaves_units_whose_condition_is_missing(bench):
    evidence = bench.run(DATA + "drop if wage > 500000")
    assert bench.count() == 3000 - high_wage().sum()
    assert evidence.population.n == 3000 - high_wage().sum()
    assert touched(evidence) == [(evidence.counts["dropped"], evidence.counts["kept"])]
    keys = truth().record_key[~high_wage()]
    assert evidence.population.key == sum(int(key) for key in keys) % 2**64


def test_a_missing_number_as_condition_does_not_select(bench):
    missing = np.isnan(truth().wage[2022]).sum()
    bench.run(DATA + "clone-dataset d e\nkeep if wage\nuse e\ndrop if wage")
    assert bench.count("d") == 3000 - missing
    assert bench.count("e") == missing


def test_keep_and_drop_of_variables_touch_no_units(bench):
    evidence = bench.run(DATA + "keep sex wage\ndrop sex")
    assert list(bench.scope.datasets["d"].variables) == ["wage"]
    assert bench.count() == 3000
    assert (evidence.counts, evidence.population, evidence.touched) == ({}, None, ())
    bench.run("drop wage")
    assert bench.count() == 3000
    bench.run("import r/FODT as born")
    assert bench.count() == 3000


def test_rename_keeps_the_place_and_all_that_is_known(bench):
    bench.run(DATA + "rename sex kjønn")
    variables = bench.scope.datasets["d"].variables
    assert list(variables) == ["kjønn", "wage", "job"]
    assert variables["kjønn"].labels.labels["1"].en == "Male"
    assert bench.table("kjønn") == {"1": 1500, "2": 1500}
    assert reason_of(bench, "rename wage kjønn") == "NAME_TAKEN"
    assert reason_of(bench, "rename sex x") == "UNKNOWN_VARIABLE"


def test_destring_makes_numbers_of_codes(bench):
    evidence = bench.run(DATA + "destring sex job")
    variables = bench.scope.datasets["d"].variables
    assert variables["sex"].type is ValueType.NUMBER
    assert variables["sex"].labels.labels[1.0].en == "Male"
    assert bench.table("job")[110.0] == sum(one == "0110" for one in truth().job["2022-11-16"])
    assert evidence.counts["missing1"].n == sum(one is None for one in truth().job["2022-11-16"])


def test_destring_with_a_prefix_leaves_the_text(bench):
    bench.run(DATA + "destring job, prefix(n_)")
    assert bench.scope.datasets["d"].variables["job"].type is ValueType.STRING
    assert bench.scope.datasets["d"].variables["n_job"].type is ValueType.NUMBER
    assert bench.scope.datasets["d"].variables["n_job"].title.en == "n_job"


def test_text_that_is_no_number_is_an_error_unless_forced(bench):
    bench.run(DATA + "generate t = rowconcat(job, '-')\ngenerate u = '1.234,5'\ngenerate v = 'inf'")
    assert reason_of(bench, "destring t") == "NOT_NUMERIC"
    assert reason_of(bench, "destring v") == "NOT_NUMERIC"
    evidence = bench.run("destring v, force prefix(n)")
    assert bench.table("nv") == {None: 3000}
    assert [(one.n, other.n) for one, other in touched(evidence)] == [(3000, 0)]
    bench.run("destring u, dpcomma ignore('.')")
    assert bench.table("u") == {1234.5: 3000}


def test_numbers_need_no_destring(bench):
    bench.run(DATA)
    assert reason_of(bench, "destring wage") == "TYPE_MISMATCH"


def test_data_sets_are_made_chosen_copied_renamed_and_deleted(bench):
    bench.run(DATA + "clone-dataset d e\nkeep if wage > 500000")
    assert (bench.count("d"), bench.count("e")) == (high_wage().sum(), 3000)
    bench.run("rename-dataset d f")
    assert (bench.scope.active, set(bench.scope.datasets)) == ("f", {"e", "f"})
    bench.run("use e\ngenerate one = 1\ndelete-dataset f")
    assert set(bench.frames) == {"e"}
    assert bench.table("one") == {1.0: 3000}
    bench.run("delete-dataset e")
    assert bench.scope.active is None
    assert reason_of(bench, "generate x = 1") == "NO_ACTIVE_DATASET"


@pytest.mark.parametrize(
    "command,reason",
    [
        ("create-dataset d", "NAME_TAKEN"),
        ("use nothing", "UNKNOWN_DATASET"),
        ("delete-dataset nothing", "UNKNOWN_DATASET"),
        ("rename-dataset d d", "NAME_TAKEN"),
        ("clone-dataset e f", "UNKNOWN_DATASET"),
    ],
)
def test_wrong_names_of_data_sets_are_refused(bench, command, reason):
    bench.run(START)
    assert reason_of(bench, command) == reason
