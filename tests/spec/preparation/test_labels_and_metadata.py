import pytest
from support.workbench import START

from grille.server.blocks import Markdown, Notice, Table
from grille.server.commands.whitelist import COMMANDS, WHITELIST
from grille.server.errors import GrilleError

DATA = START + "import r/KJONN as sex\ngenerate man = sex == '1'\n"


def reason_of(bench, command):
    with pytest.raises(GrilleError) as caught:
        bench.run(command)
    return caught.value.reason


def rows(table):
    return [tuple(cell.value for cell in row) for row in table.rows]


def test_own_labels_are_defined_assigned_shown_and_dropped(bench):
    bench.run(DATA + "define-labels yesno 0 No 1 Yes")
    bench.run("assign-labels man yesno")
    assert {code: text.en for code, text in bench.scope.datasets["d"].variables["man"].labels.labels.items()} == {
        0.0: "No",
        1.0: "Yes",
    }
    (table,) = bench.run("list-labels yesno").blocks
    assert rows(table) == [("0", "No", None), ("1", "Yes", None)]
    (table,) = bench.run("list-labels man").blocks
    assert rows(table) == [("0", "No", None), ("1", "Yes", None)]
    bench.run("drop-labels yesno")
    assert reason_of(bench, "list-labels yesno") == "UNKNOWN_LABEL_LIST"
    assert bench.scope.datasets["d"].variables["man"].labels is not None


@pytest.mark.parametrize(
    "command,reason",
    [
        ("define-labels a 1 x 1 y", "DUPLICATE_VALUE"),
        ("define-labels a 1 x '2' y", "TYPE_MISMATCH"),
        ("define-labels b 1 x", "NAME_TAKEN"),
        ("assign-labels sex b", "TYPE_MISMATCH"),
        ("assign-labels man c", "UNKNOWN_LABEL_LIST"),
        ("assign-labels woman b", "UNKNOWN_VARIABLE"),
        ("drop-labels c", "UNKNOWN_LABEL_LIST"),
    ],
)
def test_wrong_labels_are_refused(bench, command, reason):
    bench.run(DATA + "define-labels b 1 One")
    assert reason_of(bench, command) == reason


def test_labels_of_a_register_variable_come_from_its_documentation(bench):
    (table,) = bench.run(START + "list-labels r/KJONN").blocks
    assert rows(table) == [("1", "Male", None, None, None), ("2", "Female", None, None, None)]
    (notice,) = bench.run("list-labels r/FODT").blocks
    assert isinstance(notice, Notice)


def test_variables_lists_every_register_variable_of_the_linked_banks(bench):
    (table,) = bench.run(START + "variables").blocks
    assert [row[0] for row in rows(table)] == sorted(
        f"r/{name}" for name in ("KJONN", "FODT", "LONN", "SIVSTAND", "YRKE", "FAMNR", "AREAL", "DOBBEL")
    )
    blocks = bench.run("variables r/YRKE r/KJONN").blocks
    assert [row[:4] for row in rows(blocks[0])] == [
        ("r/YRKE", "Yrke", "STATUS", "string"),
        ("r/KJONN", "Sex", "FIXED", "string"),
    ]
    assert "2021-11-16" in next(block for block in blocks if block.key == "status_dates").text.en
    assert any(block.key == "codes_kjonn" for block in blocks)
    assert len(rows(bench.run("variables r").blocks[0])) == 8
    assert reason_of(bench, "variables r/NOTHING") == "UNKNOWN_REGISTER_VARIABLE"


def test_variables_needs_a_bank(bench):
    assert reason_of(bench, "variables") == "NO_BANK_LINKED"


def test_help_explains_every_command_in_both_languages(bench):
    (table,) = bench.run("help").blocks
    assert [row[0] for row in rows(table)] == [command.spec.name for command in WHITELIST]
    for name in COMMANDS:
        (page,) = bench.run(f"help {name}").blocks
        assert isinstance(page, Markdown)
        assert page.text.en != page.text.no
        assert name in page.text.en
    assert reason_of(bench, "help generat") == "UNKNOWN_COMMAND"


@pytest.mark.parametrize("command", WHITELIST, ids=lambda command: command.spec.name)
def test_every_command_has_complete_help(command):
    spec = command.spec
    assert spec.syntax.startswith(spec.name)
    assert spec.examples
    assert spec.details is not None
    texts = [spec.group, spec.summary, spec.details, *(option.summary for option in spec.options)]
    assert all(text.en and text.no for text in texts)


def test_history_shows_the_commands_so_far(bench):
    (table,) = bench.run(START + "history").blocks
    assert isinstance(table, Table)
    assert rows(table) == [(1, "require no.test.small:1 as r"), (2, "create-dataset d")]


def test_a_textblock_is_shown_and_not_run(bench):
    (block,) = bench.run("textblock\n## Title\ngenerate nonsense\nendblock").blocks
    assert "## Title" in block.text.en
    assert block.text.en == block.text.no
