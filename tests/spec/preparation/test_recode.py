import numpy as np
import pytest
from support.small_bank import truth
from support.workbench import START

from grille.server.disclosure.policy import Policy
from grille.server.errors import GrilleError
from grille.server.plan.expressions import ValueType

DATA = START + "import r/FODT as born\nimport r/SIVSTAND 2020-01-01 as civil\nimport r/LONN 2022-12-31 as wage\n"
DATA += "generate year = int(born / 100)\n"


def years():
    return truth().born // 100


def test_ranges_values_min_and_max_choose_numbers(bench):
    evidence = bench.run(DATA + "recode year (min/1949 = 1 'Old') (1950 1952/1954 = 2) (1990/max = 3 'Young')")
    old = years()
    expected = old.copy()
    expected[old <= 1949] = 1
    expected[(old == 1950) | ((old >= 1952) & (old <= 1954))] = 2
    expected[old >= 1990] = 3
    np.testing.assert_array_equal(bench.values("year").astype(float), expected)
    touched = [(one.selected.n, one.left.n) for one in evidence.touched]
    assert touched == [((expected == code).sum(), (expected != code).sum()) for code in (1, 2, 3)]
    labels = bench.scope.datasets["d"].variables["year"].labels
    assert {code: text.en for code, text in labels.labels.items()} == {1.0: "Old", 3.0: "Young"}


def test_a_value_is_decided_by_the_first_rule_that_matches(bench):
    bench.run(DATA + "recode year (1940/1960 = 1) (1950/1999 = 2) (1 = 5)")
    assert bench.table("year") == {1.0: (years() <= 1960).sum(), 2.0: (years() > 1960).sum()}


def test_missing_nonmissing_and_everything(bench):
    bench.run(DATA + "recode civil (missing = '9' 'Unknown' missing) ('1' '2' = '1') (* = '2')")
    known = truth().married["2020-01-01"]
    expected = {
        "1": sum(one in ("1", "2") for one in known),
        "2": sum(one is not None and one not in ("1", "2") for one in known),
        "9": sum(one is None for one in known),
    }
    assert bench.table("civil") == expected
    labels = bench.scope.datasets["d"].variables["civil"].labels
    assert labels.missing == {"9"}
    bench.run("recode wage (nonmissing = 1)")
    assert bench.table("wage") == {1.0: (~np.isnan(truth().wage[2022])).sum(), None: np.isnan(truth().wage[2022]).sum()}


def test_values_without_a_rule_stay(bench):
    bench.run(DATA + "recode civil ('1' = '7')")
    known = truth().married["2020-01-01"]
    assert bench.table("civil")["3"] == sum(one == "3" for one in known)


def test_a_condition_limits_every_rule(bench):
    evidence = bench.run(DATA + "recode year (1940/1960 = 1) if born > 195000")
    hit = (years() <= 1960) & (truth().born > 195_000)
    assert bench.table("year")[1.0] == hit.sum()
    assert evidence.touched[0].selected.n == hit.sum()


@pytest.mark.parametrize("option", ["prefix(g_)", "generate('g_')"])
def test_a_prefix_writes_to_new_variables(bench, option):
    bench.run(DATA + f"recode year born (1940/1960 = 1) (194001/196012 = 2), {option}")
    assert list(bench.scope.datasets["d"].variables)[-2:] == ["g_year", "g_born"]
    assert bench.table("g_year")[1.0] == (years() <= 1960).sum()
    assert min(one for one in bench.values("year")) == 1940


def test_a_new_variable_is_called_by_its_name_and_a_recoded_one_keeps_its_title(bench):
    bench.run(DATA + "recode civil ('1' = '2'), prefix(g_)\nrecode civil ('1' = '2')")
    variables = bench.scope.datasets["d"].variables
    assert variables["g_civil"].title.en == "g_civil"
    assert variables["civil"].title.en not in ("civil", "g_civil")


def test_text_becomes_numbers_when_every_value_has_a_rule(bench):
    bench.run(DATA + "recode civil ('1' = 1) (* = 2)")
    assert bench.scope.datasets["d"].variables["civil"].type is ValueType.NUMBER
    assert set(bench.table("civil")) == {1.0, 2.0}


def test_a_very_long_recode_runs(bench):
    rules = " ".join(f"({194_001 + number} = {number})" for number in range(400))
    bench.policy = Policy.open()  # every rule decides for few units
    bench.run(DATA + f"recode born {rules}")
    assert bench.table("born")[0.0] == (truth().born == 194_001).sum()


@pytest.mark.parametrize(
    "command,reason,place",
    [
        ("recode civil (1 = 2)", "TYPE_MISMATCH", None),
        ("recode civil ('1' = 2)", "TYPE_MISMATCH", "civil"),
        ("recode civil ('1' = 2) (* = 3) if year > 1950", "TYPE_MISMATCH", "civil"),
        ("recode year ('1' = 2)", "TYPE_MISMATCH", "'1'"),
        ("recode year (1 = 2) (3 = 'a')", "TYPE_MISMATCH", "year"),
        ("recode civil (1/2 = '2')", "TYPE_MISMATCH", "1/2"),
        ("recode year year (1 = 2)", "DUPLICATE_VARIABLE", "year"),
        ("recode year (1 = 2), prefix(a) generate(b)", "OPTIONS_EXCLUDE", "generate(b)"),
        ("recode yeer (1 = 2)", "UNKNOWN_VARIABLE", "yeer"),
    ],
)
def test_a_wrong_recode_tells_what_is_wrong_and_where(bench, command, reason, place):
    bench.run(DATA)
    with pytest.raises(GrilleError) as caught:
        bench.run(command)
    error = caught.value
    assert error.reason == reason
    assert place is None or command[error.span.start : error.span.end] == place
