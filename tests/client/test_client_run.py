"""`grille run` against a server on the loopback interface: what is shown, what is left behind, what the shell hears."""

import io
import json
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from grille.client.cli import outcome
from grille.client.environment import Environment
from grille.v1.errors_pb2 import ERROR_CATEGORY_DISCLOSURE, ERROR_CATEGORY_SYNTAX, ErrorDetail, Span

SCRIPT = "require no.ssb.fdb:30 as db\nsummarize lønn\n"
TABLE = ("summary", "Summary", "variable:text:Variable|mean:number:Mean|n:count:Units")
NOT_ALLOWED = ErrorDetail(reason="NOT_A_MEMBER", message="You are not a researcher of this project.", hint="Ask.")


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "wages.txt"
    path.write_text(SCRIPT, encoding="utf-8")
    return str(path)


def out_of(environment: Environment) -> str:
    assert isinstance(environment.stdout, io.StringIO)
    return environment.stdout.getvalue()


def err_of(environment: Environment) -> str:
    assert isinstance(environment.stderr, io.StringIO)
    return environment.stderr.getvalue()


def play(scripted: Any, make: SimpleNamespace) -> None:
    scripted.answered(1, "require", "require no.ssb.fdb:30 as db", make.notice_block("status", "Linked."))
    block = make.table_block(*TABLE, ("lønn", 412310.0, 24288), ("formue", "!suppressed", "!below_threshold"))
    scripted.answered(2, "summarize", "summarize lønn", block, rules=("count_noise", "count_noise"))


def test_a_run_shows_every_command_with_its_result_and_rules(
    signed_in: Environment, scripted: Any, make: SimpleNamespace, script: str
) -> None:
    play(scripted, make)
    assert outcome(["run", script], signed_in) == 0
    text = out_of(signed_in)
    assert text.index("> require") < text.index("Linked.") < text.index("> summarize lønn") < text.index("412,310")
    assert text.count("detail of count_noise") == 1
    assert "\x1b" not in text
    assert scripted.scripts == [SCRIPT.encode()]
    assert scripted.closed == ["s-1"]


def test_the_json_document_keeps_its_contract(
    signed_in: Environment, scripted: Any, make: SimpleNamespace, script: str
) -> None:
    play(scripted, make)
    scripted.answered(3, "histogram", "histogram lønn", make.plot_block("histogram", "H", {"mark": "bar"}))
    assert outcome(["run", script, "--format", "json"], signed_in) == 0
    document = json.loads(out_of(signed_in))
    assert document["session"] == "s-1"
    assert document["banks"] == [{"bank": "no.ssb.fdb", "version": 30}]
    require, summarize, histogram = document["results"]
    assert set(require) == {
        "line", "command", "source", "status", "reason", "message", "elapsed_ms", "blocks", "rules"
    }  # fmt: skip
    assert require["blocks"] == [{"kind": "notice", "key": "status", "text": "Linked."}]
    [block] = summarize["blocks"]
    assert block == {
        "kind": "table",
        "key": "summary",
        "title": "Summary",
        "columns": [
            {"key": "variable", "label": "Variable"},
            {"key": "mean", "label": "Mean"},
            {"key": "n", "label": "Units"},
        ],
        "rows": [["lønn", 412310.0, 24288], ["formue", None, None]],
        "flags": [[None, None, None], [None, "suppressed", "below_threshold"]],
    }
    assert (summarize["line"], summarize["command"], summarize["status"], summarize["elapsed_ms"]) == (
        2,
        "summarize",
        "ok",
        12,
    )
    assert summarize["rules"][0] == {"rule": "count_noise", "detail": "detail of count_noise"}
    assert histogram["blocks"] == [{"kind": "plot", "key": "histogram", "spec": {"mark": "bar"}}]


def test_a_refusal_is_shown_at_its_place_and_fails_the_run(
    signed_in: Environment, scripted: Any, make: SimpleNamespace, script: str
) -> None:
    play(scripted, make)
    scripted.accepted(2, "summarize", "summarize lønn")
    scripted.failed(
        ErrorDetail(reason="TOO_FEW_UNITS", category=ERROR_CATEGORY_DISCLOSURE, message="Too few.", hint="Widen.",
                    span=Span(line=2, column=11, length=4))
    )  # fmt: skip
    assert outcome(["run", script], signed_in) == 1
    lines = out_of(signed_in).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("2 │"))
    assert lines[at + 1].index("^") == lines[at].index("lønn")
    assert lines[at + 1].count("^") == 4
    assert "Hint: Widen." in lines
    assert "[TOO_FEW_UNITS]" in lines


@pytest.mark.parametrize("category, status", [(ERROR_CATEGORY_DISCLOSURE, "refused"), (ERROR_CATEGORY_SYNTAX, "error")])
def test_a_failure_is_part_of_the_json_document(
    signed_in: Environment, scripted: Any, make: SimpleNamespace, script: str, category: Any, status: str
) -> None:
    play(scripted, make)
    scripted.accepted(2, "summarize", "summarize lønn")
    scripted.failed(ErrorDetail(reason="SOME_REASON", category=category, message="No.", hint="Try."))
    assert outcome(["run", script, "--format", "json"], signed_in) == 1
    results = json.loads(out_of(signed_in))["results"]
    assert [one["status"] for one in results] == ["ok", "ok", status]
    assert (results[-1]["reason"], results[-1]["message"], results[-1]["hint"]) == ("SOME_REASON", "No.", "Try.")


def test_a_script_that_is_not_understood_gives_one_failed_result(
    signed_in: Environment, scripted: Any, script: str
) -> None:
    scripted.failed(
        ErrorDetail(reason="UNKNOWN_COMMAND", category=ERROR_CATEGORY_SYNTAX, message="?",
                    span=Span(line=2, column=1, length=9))
    )  # fmt: skip
    assert outcome(["run", script, "--format", "json"], signed_in) == 1
    [result] = json.loads(out_of(signed_in))["results"]
    assert (result["line"], result["source"], result["status"]) == (2, "summarize lønn", "error")


def test_a_broken_connection_keeps_the_results_so_far(
    signed_in: Environment, scripted: Any, make: SimpleNamespace, script: str
) -> None:
    play(scripted, make)
    scripted.accepted(3, "regress", "regress a b")
    scripted.break_off = True
    assert outcome(["run", script, "--format", "json"], signed_in) == 3
    results = json.loads(out_of(signed_in))["results"]
    assert [one["status"] for one in results] == ["ok", "ok", "error"]
    assert results[-1]["reason"] == "CONNECTION_LOST"


def test_ctrl_c_stops_the_command_in_the_server_and_closes_the_session(
    signed_in: Environment, scripted: Any, script: str
) -> None:
    cancelled = threading.Event()

    def on_event(context: grpc.ServicerContext) -> None:
        context.add_callback(cancelled.set)
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        cancelled.wait(10)

    scripted.accepted(1, "regress-mml", "regress-mml y x by g")
    scripted.on_event = on_event
    assert outcome(["run", script], signed_in) == 1
    assert cancelled.wait(5)
    assert "CANCELLED" in err_of(signed_in)
    assert scripted.closed == ["s-1"]


def test_standard_input_is_a_script_sent_as_it_is(signed_in: Environment, scripted: Any) -> None:
    environment = replace(signed_in, stdin=io.BytesIO(b"\xff\xfe not utf-8"))
    assert outcome(["run", "-"], environment) == 0
    assert scripted.scripts == [b"\xff\xfe not utf-8"]


def test_a_given_session_is_used_and_left_open(signed_in: Environment, scripted: Any, script: str) -> None:
    assert outcome(["run", script, "--session", "s-1"], signed_in) == 0
    assert scripted.opened == []
    assert scripted.closed == []


def test_a_kept_session_is_left_open_and_named(signed_in: Environment, scripted: Any, script: str) -> None:
    assert outcome(["run", script, "--keep", "--project", "wages"], signed_in) == 0
    assert scripted.opened[0].project == "wages"
    assert scripted.closed == []
    assert "--session s-1" in err_of(signed_in)


def test_a_missing_script_is_a_usage_error(signed_in: Environment, tmp_path: Path) -> None:
    assert outcome(["run", str(tmp_path / "none.txt")], signed_in) == 2
    assert "SCRIPT_NOT_READ" in err_of(signed_in)


def test_an_unknown_option_is_a_usage_error(signed_in: Environment) -> None:
    assert outcome(["run", "x.txt", "--nonsense"], signed_in) == 2


def test_a_caller_without_rights_is_not_allowed(signed_in: Environment, scripted: Any, script: str) -> None:
    scripted.refusal = (grpc.StatusCode.PERMISSION_DENIED, NOT_ALLOWED)
    assert outcome(["run", script], signed_in) == 4
    assert err_of(signed_in).splitlines() == [
        "Error: You are not a researcher of this project.", "Hint: Ask.", "[NOT_A_MEMBER]"
    ]  # fmt: skip


def test_a_refused_request_fails(signed_in: Environment, scripted: Any, script: str) -> None:
    detail = ErrorDetail(reason="UNKNOWN_SESSION", message="No such session.")
    scripted.refusal = (grpc.StatusCode.NOT_FOUND, detail)
    assert outcome(["run", script, "--session", "zzz"], signed_in) == 1
    assert "[UNKNOWN_SESSION]" in err_of(signed_in)


def test_norwegian_is_asked_for_and_spoken(
    signed_in: Environment, scripted: Any, make: SimpleNamespace, script: str
) -> None:
    play(scripted, make)
    assert outcome(["run", script, "--lang", "no"], signed_in) == 0
    assert scripted.opened[0].language == 2
    assert "412\u00a0310" in out_of(signed_in)
    assert "Vern, count noise: detail of count_noise." in out_of(signed_in)
