import numpy as np
import pytest
from support.small_bank import truth
from support.workbench import START

from grille.server.errors import GrilleError
from grille.server.plan.expressions import ValueType


def refused(bench, script):
    with pytest.raises(GrilleError) as caught:
        bench.run(script)
    error = caught.value
    assert error.span is not None
    assert error.message.en
    assert error.message.no
    return error


def test_the_first_import_defines_the_population(bench):
    evidence = bench.run(START + "import r/LONN 2022-12-31 as wage")
    known = truth()
    has = ~np.isnan(known.wage[2022])
    assert evidence.counts["units"].n == has.sum()
    assert evidence.counts["missing"].n == 0
    assert evidence.population == evidence.counts["units"]
    assert evidence.population.key == sum(int(key) for key in known.record_key[has]) % 2**64
    assert evidence.text.en.startswith("wage in d: ")


def test_later_imports_add_no_units(bench):
    bench.run(START + "import r/LONN 2022-12-31 as wage")
    evidence = bench.run("import r/SIVSTAND 2020-01-01 as civil")
    known = truth()
    has = ~np.isnan(known.wage[2022])
    married = np.array([one is not None for one in known.married["2020-01-01"]])
    assert evidence.counts["units"].n == has.sum()
    assert evidence.counts["missing"].n == (has & ~married).sum()
    assert list(bench.values("civil")[has & married]) == list(known.married["2020-01-01"][has & married])


def test_without_a_name_the_register_name_is_used(bench):
    bench.run(START + "import r/KJONN")
    assert list(bench.scope.datasets["d"].variables) == ["KJONN"]


def test_any_day_of_the_period_gives_an_accumulated_value(bench):
    bench.run(START + "import r/LONN 2021-12-31 as a\nimport r/LONN 2021-01-01 as b\nimport r/LONN 2021-07-13 as c")
    np.testing.assert_array_equal(bench.values("a"), bench.values("b"))
    np.testing.assert_array_equal(bench.values("a"), bench.values("c"))


def test_outer_join_lets_the_population_grow(bench):
    bench.run(START + "import r/LONN 2022-12-31 as wage\nimport r/LONN 2021-12-31 as before, outer_join")
    known = truth()
    assert bench.count() == (~np.isnan(known.wage[2021]) | ~np.isnan(known.wage[2022])).sum()


def test_inner_join_lets_the_population_shrink(bench):
    bench.run(START + "import r/LONN 2022-12-31 as wage\nimport r/LONN 2021-12-31 as before, inner_join")
    known = truth()
    assert bench.count() == (~np.isnan(known.wage[2021]) & ~np.isnan(known.wage[2022])).sum()


def test_values_choose_codes_and_beginnings_of_codes(bench):
    bench.run(START + "import r/KJONN as sex\nimport r/YRKE 2022-11-16 as job, values('41*' '9112')")
    assert {one for one in bench.values("job") if one is not None} == {"4110", "9112"}


def test_labels_come_from_the_code_list_of_the_register(bench):
    bench.run(START + "import r/KJONN as sex")
    variable = bench.scope.datasets["d"].variables["sex"]
    assert variable.documented
    assert variable.labels.labels["1"].no == "Mann"
    assert variable.title.en == "Sex"
    assert variable.lineage == {"no.test.small/KJONN"}


def test_a_variable_whose_values_are_units_is_a_key(bench):
    bench.run(START + "import r/FAMNR 2022-01-01 as family")
    assert bench.scope.datasets["d"].variables["family"].type is ValueType.KEY
    for command in ("generate x = family", "keep if family == 3", "recode family (1 = 2)", "replace family = 1"):
        assert refused(bench, command).reason == "KEY_VARIABLE"
    bench.run("rename family f")
    assert refused(bench, "generate x = f").reason == "KEY_VARIABLE"


@pytest.mark.parametrize(
    "command,reason,place,hint",
    [
        ("import r/KJONN 2020-01-01", "DATE_NOT_ALLOWED", "2020-01-01", "Leave out"),
        ("import r/LONN", "DATE_MISSING", "r/LONN", "2021-01-01 to 2022-12-31"),
        ("import r/LONN 2031-12-31", "DATE_OUT_OF_RANGE", "2031-12-31", "2021-01-01 to 2022-12-31"),
        ("import r/SIVSTAND 2009-12-31", "DATE_OUT_OF_RANGE", "2009-12-31", "2010-01-01"),
        ("import r/YRKE 2022-11-15", "WRONG_STATUS_DATE", "2022-11-15", "2022-11-16"),
        ("import r/YRKEN 2022-11-16", "UNKNOWN_REGISTER_VARIABLE", "r/YRKEN", "`YRKE`"),
        ("import q/YRKE 2022-11-16", "UNKNOWN_ALIAS", "q/YRKE", "require"),
        ("import r/KJONN as sex, outer", "UNKNOWN_OPTION", "outer", "outer_join"),
        ("import r/KJONN, outer_join inner_join", "OPTIONS_EXCLUDE", "inner_join", None),
        ("import r/KJONN, outer_join outer_join", "DUPLICATE_OPTION", "outer_join", None),
        ("import r/KJONN, outer_join(1)", "OPTION_ARGUMENT", "outer_join(1)", "outer_join"),
        ("import r/FODT as born, values('x')", "VALUES_NOT_ALLOWED", "values('x')", "numbers"),
    ],
)
def test_a_wrong_import_tells_what_is_wrong_and_where(bench, command, reason, place, hint):
    bench.run(START)
    error = refused(bench, command)
    assert error.reason == reason
    assert command[error.span.start : error.span.end] == place
    assert hint is None or hint in error.hint.en


def test_a_data_set_has_one_unit_type(bench):
    bench.run(START + "import r/KJONN as sex")
    assert refused(bench, "import r/AREAL as area").reason == "UNIT_TYPE_MISMATCH"


def test_a_name_is_used_once(bench):
    bench.run(START + "import r/KJONN as x")
    assert refused(bench, "import r/FODT as x").reason == "NAME_TAKEN"


def test_import_needs_an_active_data_set(bench):
    bench.run("require no.test.small:1 as r")
    assert refused(bench, "import r/KJONN").reason == "NO_ACTIVE_DATASET"


def test_two_versions_of_a_bank_go_into_one_data_set(bench):
    script = "require no.test.small:1 as old\nrequire no.test.small:2 as new\ncreate-dataset d\n"
    bench.run(script + "import old/FODT as born\nimport new/FODT as later, outer_join")
    assert bench.count() == 3_200
    assert bench.table("born")[None] == 200


def test_an_older_version_is_linked_with_a_notice(bench):
    assert "newer version, 2" in bench.run("require no.test.small:1 as r").text.en
    assert "newer" not in bench.run("require no.test.small:2 as s").text.en


@pytest.mark.parametrize(
    "command,reason",
    [
        ("require no.test.smal:1 as r", "UNKNOWN_BANK"),
        ("require no.test.small:7 as r", "UNKNOWN_VERSION"),
        ("require no.test.small:DRAFT as r", "UNKNOWN_VERSION"),
    ],
)
def test_an_unknown_bank_or_version_is_refused(bench, command, reason):
    assert refused(bench, command).reason == reason


def test_a_short_name_stands_for_one_bank(bench):
    bench.run("require no.test.small:1 as r\nrequire no.test.small:1 as r")
    assert refused(bench, "require no.test.small:2 as r").reason == "ALIAS_TAKEN"
