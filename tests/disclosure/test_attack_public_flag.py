"""Attack: make what is not public pass for public, so that an open project answers exactly.

In an open project nothing that is not public can be imported. These scripts are bound as in any other, and the gate
must refuse whatever comes after: the level follows a value through every command and is never lost on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from support.fixtures import open_engine
from support.small_bank import BANK, make_bank
from support.workbench import START, Workbench

from grille.server.catalog.banks import load_metadata
from grille.server.catalog.model import BankMetadata
from grille.server.commands.scope import DataSet, Variable
from grille.server.commands.whitelist import COMMANDS
from grille.server.disclosure.gate import Gate
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.policy import Policy
from grille.server.errors import DisclosureError
from grille.server.execution.disclose import sensitivity_of
from grille.server.plan.expressions import ValueType
from grille.server.text import same

PUBLIC = {"KJONN", "FODT"}
IMPORTS = START + "import r/FODT as born\nimport r/KJONN as sex\n"
HIDDEN = "import r/LONN 2022-12-31 as wage\n"

ATTACKS = {
    "rename": "rename wage pay",
    "generate": "generate pay = wage + 0\ndrop wage",
    "generate, through a public variable": "generate pay = born * (wage > 400000)\ndrop wage",
    "generate of which values there are": "generate has = !sysmiss(wage)\ndrop wage",
    "replace": "replace born = wage\ndrop wage",
    "replace on a condition": "replace born = 1 if wage > 400000\ndrop wage",
    "keep": "keep if wage > 400000\ndrop wage",
    "recode": "recode wage (min/400000 = 0) (400000/max = 1), generate(g_)\ndrop wage",
    "drop": "drop wage",
    "clone the data set": "clone-dataset d e\nuse e\ndrop wage",
    "clone and remove the original": "clone-dataset d e\nuse e\ndrop wage\ndelete-dataset d",
    "rename the data set": "rename-dataset d e\ndrop wage",
    "another data set becomes the active one": "create-dataset e\nimport r/FODT as born",
    "labels": "define-labels yes 0 No 1 Yes\nassign-labels wage yes\ndrop wage",
}
LATER = {
    "clone-variables": "clone-variables wage -> pay\ndrop wage",
    "clone-units": "keep if wage > 400000\nclone-units d e\nuse e\nimport r/FODT as born",
    "merge": "merge wage into e\nuse e\ndelete-dataset d",
    "merge after a condition": "keep if wage > 400000\nmerge sex into e\nuse e\ndelete-dataset d",
    "aggregate": "aggregate (mean) wage -> mwage, by(sex)\ndrop wage",
    "collapse": "collapse (mean) wage -> mwage, by(sex)",
    "collapse to counts": "keep if wage > 400000\ncollapse (count) born -> n, by(sex)",
    "sample": "sample 0.5 7\ndrop wage",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("banks")
    for version in (1, 2):
        make_bank(made, version)
    return made


@pytest.fixture
def bench(folder: Path, tmp_path: Path) -> Iterator[Workbench]:
    metadata = load_metadata(folder, BANK, 1)
    variables = {
        name: replace(one, sensitivity="PUBLIC" if name in PUBLIC else "NONPUBLIC")
        for name, one in metadata.variables.items()
    }
    versions: Mapping[int, BankMetadata] = {1: replace(metadata, variables=variables)}
    engine = open_engine(folder, tmp_path)
    yield Workbench(engine, {BANK: dict(versions)})
    engine.close()


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    ledger = Ledger(tmp_path / "ledger.sqlite", b"a" * 32)
    yield Gate(Policy.open(), ledger)
    ledger.close()


def known(scripts: Mapping[str, str]) -> list[tuple[str, str]]:
    """The scripts whose commands are all on the whitelist."""
    return [
        (name, script)
        for name, script in scripts.items()
        if all(line.split()[0] in COMMANDS for line in script.split("\n"))
    ]


@pytest.mark.parametrize("name,attack", [*ATTACKS.items(), *known(LATER)])
def test_no_command_makes_a_value_public(bench: Workbench, gate: Gate, name: str, attack: str) -> None:
    before = "create-dataset e\nimport r/FODT as born\nuse d\n" if " into e" in attack else ""
    bench.run(IMPORTS + before + HIDDEN)
    evidence = bench.run(attack)
    assert sensitivity_of(bench.scope).level == "NONPUBLIC"
    with pytest.raises(DisclosureError) as caught:
        gate.release(evidence, project="P", sensitivity=sensitivity_of(bench.scope))
    assert caught.value.reason == "NOT_PUBLIC"


@pytest.mark.parametrize("name,attack", [*ATTACKS.items(), *known(LATER)])
def test_the_same_commands_on_public_values_are_answered(bench: Workbench, gate: Gate, name: str, attack: str) -> None:
    control = attack.replace("wage > 400000", "wage > 199706").replace("400000", "199706")
    before = "create-dataset e\nimport r/FODT as born\nuse d\n" if " into e" in attack else ""
    bench.run(IMPORTS + before + "import r/FODT as wage\n")
    evidence = bench.run(control)
    released = gate.release(evidence, project="P", sensitivity=sensitivity_of(bench.scope))
    assert released.rules == ()


def test_each_value_tells_its_own_level(bench: Workbench) -> None:
    bench.run(IMPORTS + HIDDEN + "generate both = born + wage\ngenerate open = born + 1\ngenerate one = 1")
    levels = {name: one.sensitivity for name, one in bench.scope.datasets["d"].variables.items()}
    assert levels == {
        **dict.fromkeys(("born", "sex", "open", "one"), "PUBLIC"),
        **dict.fromkeys(("wage", "both"), "NONPUBLIC"),
    }


def test_what_a_command_does_not_tell_counts_as_the_highest(bench: Workbench) -> None:
    bench.run(IMPORTS)
    untold = {"v": Variable("v", ValueType.NUMBER, same("v"))}
    for forgetful in (DataSet("f"), DataSet("f", untold, sensitivity="PUBLIC")):
        scope = replace(bench.scope, datasets={**bench.scope.datasets, "f": forgetful})
        assert sensitivity_of(scope).level == "PERSON_SPECIAL"
