import re

import pytest
from support.workbench import START

from grille.server.blocks import Notice
from grille.server.commands.whitelist import COMMANDS
from grille.server.disclosure.policy import Policy
from grille.server.disclosure.release.status import release_status
from grille.server.errors import DisclosureError

DATA = START + "import r/KJONN as sex\nimport r/LONN 2022-12-31 as wage\nimport r/FODT as born\n"


@pytest.mark.parametrize(
    "command,counts",
    [
        ("require no.test.small:1 as q", 0),
        ("create-dataset e", 0),
        ("clone-dataset d e", 0),
        ("rename-dataset d e", 0),
        ("import r/YRKE 2022-11-16 as job", 2),
        ("generate man = sex == '1'", 2),
        ("generate rich = 1 if wage > 700000", 2),
        ("replace wage = 0 if sysmiss(wage)", 1),
        ("recode sex ('1' = '9') (* = '8')", 1),
        ("keep if wage > 400000", 2),
        ("drop if sysmiss(wage)", 2),
        ("drop sex", 0),
        ("rename sex kjønn", 0),
        ("destring sex", 2),
        ("define-labels a 1 x", 0),
    ],
)
def test_every_count_of_a_status_is_filled_in_by_the_gate(bench, command, counts):
    evidence = bench.run(DATA + command)
    content, _ = release_status(evidence, Policy.standard())
    notices = COMMANDS[command.split()[0]].present(content)
    assert len(notices) == 1 + len(content.remarks)
    for notice in notices:
        assert isinstance(notice, Notice)
        for text in (notice.text.en, notice.text.no):
            assert "{" not in text
            assert "}" not in text
    assert len(evidence.counts) == counts
    assert len(re.findall(r"\{\w+\}", evidence.text.en)) == counts
    assert set(re.findall(r"\{(\w+)\}", evidence.text.no)) == set(evidence.counts)


@pytest.mark.parametrize("condition", ["wage > 840000", "born == 194001 & wage > 800000", "wage < 0"])
def test_keeping_few_units_or_none_is_refused(bench, condition):
    evidence = bench.run(DATA + f"keep if {condition}")
    with pytest.raises(DisclosureError) as caught:
        release_status(evidence, Policy.standard())
    assert caught.value.reason == "POPULATION_TOO_SMALL"
