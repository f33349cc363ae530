"""Bad input of every kind gets a clear error with its reason, and the server goes on."""

from __future__ import annotations

import pytest
from support.service import Service

HEAD = "require no.ssb.fdb:30 as db\ncreate-dataset p\nimport db/BEFOLKNING_KJOENN as sex\n"

CASES = {
    "tabulat sex": "UNKNOWN_COMMAND",
    "cox a b": "COMMAND_NOT_AVAILABLE",
    "tabulate sx": "UNKNOWN_VARIABLE",
    "generate a = foo(sex)": "UNKNOWN_FUNCTION",
    "tabulate sex, rowpc": "UNKNOWN_OPTION",
    "require no.ssb.fd:30 as x": "UNKNOWN_BANK",
    "require no.ssb.fdb:99 as x": "UNKNOWN_VERSION",
    "import db/NOPE as x": "UNKNOWN_REGISTER_VARIABLE",
    "import db/INNTEKT_LONN as x": "DATE_MISSING",
    "import db/BEFOLKNING_BARN_I_REGSTAT_FAMNR 2022-01-02 as x": "WRONG_STATUS_DATE",
    "import db/INNTEKT_LONN 1950-01-01 as x": "DATE_OUT_OF_RANGE",
    "summarize sex": "NOT_NUMERIC",
    "generate a = sex == 1": "TYPE_MISMATCH",
    "regress sex sex": "NOT_NUMERIC",
    "tabulate sex if": "SYNTAX",
    "generate a = " + "(" * 500 + "1" + ")" * 500: "TOO_DEEPLY_NESTED",
    "generate a = " + "(" * 10_000 + "1" + ")" * 10_000: "LINE_TOO_LONG",
    "generate a = 1 " + "+ 1 " * 240_000: "LINE_TOO_LONG",
    "tabulate s\0x": "INVALID_CHARACTER",
}


@pytest.mark.parametrize("line", CASES, ids=lambda line: line[:30])
def test_a_bad_line_is_named_with_its_reason_and_place(service: Service, line: str) -> None:
    done = service.grille("run", "-", "--format", "json", stdin=HEAD + line + "\n")
    assert done.code == 1
    last = done.json["results"][-1]
    assert last["status"] == "error"
    assert CASES[line] in last["reason"]
    assert last["line"] == 4
    assert last["message"]


def test_a_script_of_ten_megabytes_is_refused(service: Service) -> None:
    done = service.grille("run", "-", "--format", "json", stdin=b"// " + b"x" * 10_000_000)
    assert done.code in (1, 2)
    assert "TOO_LONG" in done.out + done.err or "TOO_LARGE" in done.out + done.err


def test_invalid_utf8_is_refused(service: Service) -> None:
    done = service.grille("run", "-", "--format", "json", stdin=b"tabulate \xff\xfe\n")
    assert done.code == 1
    assert done.json["results"][-1]["reason"] == "INVALID_ENCODING"


def test_the_text_output_shows_the_line_with_a_caret(service: Service) -> None:
    done = service.grille("run", "-", stdin=HEAD + "tabulate sxe\n")
    lines = (done.out + done.err).splitlines()
    at = next(
        number
        for number, line in enumerate(lines)
        if line.rstrip().endswith("tabulate sxe") and "^" in lines[number + 1]
    )
    assert lines[at + 1].index("^") == lines[at].index("sxe")
    assert "sex" in done.out + done.err


def test_results_before_the_failure_stay(service: Service) -> None:
    document = service.run(HEAD + "tabulate sex\ntabulate sxe\n")
    assert [result["status"] for result in document["results"]] == ["ok", "ok", "ok", "ok", "error"]


def test_a_small_group_and_an_empty_one_are_refused_in_the_same_words(service: Service) -> None:
    answers = []
    for code in ("'9'", "'X'"):
        document = service.run(HEAD + f"tabulate sex if sex == {code}\n")
        answers.append({key: document["results"][-1][key] for key in ("status", "reason", "message")})
    assert answers[0] == answers[1]
    assert answers[0]["status"] == "refused"


def test_a_script_beyond_what_messages_hold_is_refused_in_plain_words(service: Service) -> None:
    done = service.grille("run", "-", stdin=b"// " + b"x" * 20_000_000)
    assert done.code == 1
    assert "[MESSAGE_TOO_LARGE]" in done.err
    assert "RESOURCE_EXHAUSTED" not in done.err


MODEL = HEAD + "import db/INNTEKT_LONN 2022-12-31 as wage\nimport db/BEFOLKNING_FOEDSELS_AAR_MND as birth\n"


@pytest.mark.parametrize("command", ["regress wage birth if {}", "regress-mml wage birth by sex if {}"])
def test_models_of_no_units_and_of_few_are_refused_in_the_same_words(service: Service, command: str) -> None:
    answers = []
    for condition in ("birth < 0", "wage > 99999999", "birth == 190001 & wage > 0"):
        last = service.run(MODEL + command.format(condition) + "\n")["results"][-1]
        answers.append({key: last[key] for key in ("status", "reason", "message")})
    assert answers[0]["status"] == "refused"
    assert answers[0] == answers[1] == answers[2]


def test_a_large_model_without_an_answer_says_why(service: Service) -> None:
    last = service.run(MODEL + "generate one = 1\nregress-mml wage birth by one\n")["results"][-1]
    assert (last["status"], last["reason"]) == ("error", "SINGLE_GROUP")
