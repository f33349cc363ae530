"""ci shows the intervals of what summarize shows, of nothing finer; where nothing is protected they are exact."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW
from support.small_bank import truth
from support.workbench import START, Workbench

from grille.server.blocks import Table
from grille.server.commands.whitelist import COMMANDS
from grille.server.disclosure.evidence import Sensitivity
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.policy import Policy
from grille.server.errors import DisclosureError

DATA = START + (
    "import r/FODT as born\nimport r/KJONN as sex\nimport r/LONN 2022-12-31 as wage\n"
    "import r/SIVSTAND 2020-01-01 as civil\ngenerate man = sex == '1'\n"
)

Ask = Callable[[str], list[dict[str, object]]]


def asked(data: Workbench, policy: Policy, folder: Path) -> Ask:
    ledger = Ledger(folder / "ledger.sqlite", b"a" * 32)
    data.policy = policy

    def ask(line: str) -> list[dict[str, object]]:
        released = Gate(policy, ledger).release(data.run(line), project="P", sensitivity=Sensitivity("PUBLIC"))
        (table,) = released.present(COMMANDS[line.split()[0]].present).content
        assert isinstance(table, Table)
        keys = [column.key for column in table.columns]
        values = [[cell.value for cell in row] for row in table.rows]
        return [dict(zip(keys, row, strict=True)) for row in values]

    return ask


def test_without_protection_means_and_shares_are_exact(data: Workbench, tmp_path: Path) -> None:
    ask = asked(data, Policy.open(), tmp_path)
    wage, man = ask("ci wage man, level(90)")
    known = truth()
    values = known.wage[2022][~np.isnan(known.wage[2022])]
    oracle = DescrStatsW(values)
    assert wage["n"] == values.size
    assert wage["mean"] == pytest.approx(values.mean(), rel=1e-10)
    assert wage["std_error"] == pytest.approx(oracle.std_mean, rel=1e-9)
    assert (wage["ci_low"], wage["ci_high"]) == pytest.approx(oracle.tconfint_mean(0.1), rel=1e-9)
    men = int((known.sex == "1").sum())
    assert (man["ci_low"], man["ci_high"]) == pytest.approx(
        proportion_confint(men, known.sex.size, 0.1, method="wilson"), rel=1e-9
    )


def test_by_gives_one_row_per_category_or_combination(data: Workbench, tmp_path: Path) -> None:
    ask = asked(data, Policy.open(), tmp_path)
    rows = ask("ci wage, by(sex, civil)")
    known = truth()
    groups = {(row["sex"], row["civil"]): row for row in rows}
    married = known.married["2020-01-01"]
    for (sex, civil), row in groups.items():
        values = known.wage[2022][(known.sex == sex) & (married == civil) & ~np.isnan(known.wage[2022])]
        assert row["n"] == values.size
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(DescrStatsW(values).tconfint_mean(), rel=1e-9)
    present = ~np.isnan(known.wage[2022]) & np.array([one is not None for one in married])
    assert set(groups) == set(zip(known.sex[present], married[present], strict=True))


def test_protected_intervals_are_a_function_of_what_is_shown(data: Workbench, tmp_path: Path) -> None:
    ask = asked(data, Policy.standard(), tmp_path)
    (row,) = ask("ci wage")
    (shown,) = ask("summarize wage")
    assert (row["n"], row["mean"]) == (shown["n"], shown["mean"])
    half = 1.9611 * float(shown["std"]) / math.sqrt(int(shown["n"]))  # type: ignore[call-overload]
    assert float(row["ci_high"]) - float(row["mean"]) == pytest.approx(half, abs=6)  # type: ignore[arg-type]


def test_a_strict_policy_has_fewer_digits(data: Workbench, tmp_path: Path) -> None:
    (row,) = asked(data, Policy.strict(), tmp_path)("ci wage")
    for key in ("mean", "std_error", "ci_low", "ci_high"):
        value = float(row[key])  # type: ignore[arg-type]
        assert value == float(f"{value:.2e}")


def test_a_category_of_one_unit_is_not_had_by_leaving_it_out(data: Workbench, tmp_path: Path) -> None:
    wage = float(truth().wage[2022][3])
    data.run(f"generate group = 1 + (wage == {wage})\ngenerate half = 1 + (wage > 500000)")
    ask = asked(data, Policy.standard(), tmp_path)
    with pytest.raises(DisclosureError):
        ask("ci born, by(group)")
    assert [row["half"] for row in ask("ci born, by(half)")] == ["1", "2"]
