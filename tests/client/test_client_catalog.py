"""`grille check`, `variables`, `help` and `sessions` show what the server says."""

import io
from pathlib import Path
from typing import Any

from grille.client.cli import outcome
from grille.client.environment import Environment
from grille.v1.catalog_pb2 import Code, CommandHelp, OptionHelp, RegisterVariable
from grille.v1.errors_pb2 import ErrorDetail, Span

WAGE = RegisterVariable(
    bank="no.ssb.fdb", version=30, name="INNTEKT_LONN", title="Lønnsinntekt", unit_type="PERSON",
    temporality="ACCUMULATED", data_type="LONG", valid_from="1993-01-01", valid_until="2022-12-31",
)  # fmt: skip
SEX = RegisterVariable(
    bank="no.ssb.fdb", version=30, name="BEFOLKNING_KJOENN", title="Kjønn", unit_type="PERSON", temporality="FIXED",
    data_type="STRING", codes=[Code(code="1", label="Mann"), Code(code="2", label="Kvinne")],
)  # fmt: skip


def out_of(environment: Environment) -> str:
    assert isinstance(environment.stdout, io.StringIO)
    return environment.stdout.getvalue()


def test_a_check_shows_every_problem_with_a_caret(signed_in: Environment, scripted: Any, tmp_path: Path) -> None:
    script = tmp_path / "bad.txt"
    script.write_text("summarise lønn\n\tregress a\n", encoding="utf-8")
    scripted.problems = [
        ErrorDetail(reason="UNKNOWN_COMMAND", message="No such command.", hint="Did you mean summarize?",
                    span=Span(line=1, column=1, length=9)),
        ErrorDetail(reason="TOO_FEW_ARGUMENTS", message="Missing.", span=Span(line=2, column=10, length=1)),
    ]  # fmt: skip
    assert outcome(["check", str(script)], signed_in) == 1
    lines = out_of(signed_in).splitlines()
    assert "^^^^^^^^^" in lines[4]
    assert lines[3].index("summarise") == lines[4].index("^")
    second = next(i for i, line in enumerate(lines) if line.startswith("2 │"))
    assert lines[second][lines[second + 1].index("^")] == "a"
    assert "  --> bad.txt:2:10" in lines
    assert lines[-1] == "2 problems"


def test_a_good_script_has_no_problems(signed_in: Environment, scripted: Any, tmp_path: Path) -> None:
    script = tmp_path / "good.txt"
    script.write_bytes(b"summarize x")
    assert outcome(["check", str(script)], signed_in) == 0
    assert scripted.scripts == [b"summarize x"]
    assert out_of(signed_in) == "No problems in 3 commands\n"


def test_variables_are_listed_by_bank(signed_in: Environment, scripted: Any) -> None:
    scripted.variables = [SEX, WAGE]
    assert outcome(["variables"], signed_in) == 0
    text = out_of(signed_in)
    assert text.startswith("no.ssb.fdb:30\n")
    row = next(line for line in text.splitlines() if line.startswith("INNTEKT_LONN"))
    assert row.split() == [
        "INNTEKT_LONN",
        "Lønnsinntekt",
        "PERSON",
        "ACCUMULATED",
        "LONG",
        "1993-01-01",
        "–",
        "2022-12-31",
    ]


def test_an_exact_name_shows_its_codes(signed_in: Environment, scripted: Any) -> None:
    scripted.variables = [SEX, WAGE]
    assert outcome(["variables", "befolkning_kjoenn"], signed_in) == 0
    text = out_of(signed_in)
    assert text.startswith("BEFOLKNING_KJOENN: Kjønn\n")
    assert ["2", "Kvinne"] in [line.split() for line in text.splitlines()]
    assert "INNTEKT" not in text


def test_no_match_fails(signed_in: Environment) -> None:
    assert outcome(["variables", "zzz"], signed_in) == 1


def test_help_lists_commands_by_group_and_describes_one(signed_in: Environment, scripted: Any) -> None:
    option = OptionHelp(syntax="level(95)", summary="confidence level")
    scripted.commands = [
        CommandHelp(name="summarize", group="Statistics", summary="Describes.", syntax="summarize [VARIABLE ...]"),
        CommandHelp(name="regress-mml", group="Regression", summary="Fits.", syntax="regress-mml y x by g",
                    options=[option], examples=["regress-mml a b by c"], details="Uses **REML**."),
    ]  # fmt: skip
    assert outcome(["help"], signed_in) == 0
    text = out_of(signed_in)
    assert text.index("Statistics") < text.index("summarize") < text.index("Regression") < text.index("regress-mml")
    assert outcome(["help", "regress-mml"], signed_in) == 0
    one = out_of(signed_in).removeprefix(text)
    for told in ("regress-mml y x by g", "level(95)", "confidence level", "Uses REML.", "regress-mml a b by c"):
        assert told in one
    assert "summarize" not in one


def test_sessions_are_listed_and_closed(signed_in: Environment, scripted: Any) -> None:
    assert outcome(["sessions", "list"], signed_in) == 0
    assert "s-1" in out_of(signed_in)
    assert "no.ssb.fdb:30" in out_of(signed_in)
    assert outcome(["sessions", "close", "s-1", "s-2"], signed_in) == 0
    assert scripted.closed == ["s-1", "s-2"]
