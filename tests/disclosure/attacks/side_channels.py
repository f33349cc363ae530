"""Side channels: what refusals, texts, times, metadata and the protocol tell beside the figures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from statistics import median

from disclosure.attacks.denials import ATTACKS as DENIED
from disclosure.attacks.differencing import answered, apart
from disclosure.attacks.isolation import _code, _with_code
from support.attack_bank import RARE_TRADES, Target
from support.attack_lab import Answer, ClientError, Lab, Researcher
from support.attack_scoring import Attack, Finding, Goal, Who, each

DENIALS = "Kenthapadi, Mishra and Nissim 2005"
OWASP = "OWASP: injection"


def _reply(answer: Answer) -> object:
    """Return all that a reply says, without times and without the words of the script."""
    last = answer.last
    texts = [(block["key"], block.get("text"), block.get("rows")) for block in last["blocks"]]
    return last["status"], last["reason"], last["message"], texts, [rule["rule"] for rule in last["rules"]]


def _tells(script: str) -> Callable[[Lab, Target], Finding]:
    """Return an attack that runs a script about the secret, and about a value that nobody has, and compares replies.

    `script` has places for the condition and for a fresh name.
    """

    def attack(lab: Lab, target: Target) -> Finding:
        replies = []
        for bit in ("1", "7"):
            with lab.researcher() as eve:
                answer = eve.ask(script.format(condition=f"({target.condition}) & bit == {bit}", bit=bit))
                known = (target.condition, f"bit == {bit}", answer.last["source"])
                text = repr(_reply(answer))
                for word in known:
                    text = text.replace(word, "")
                replies.append(_without_copies(text))
        return 1.0 if replies[0] != replies[1] else 0.0

    return attack


def _without_copies(text: str) -> str:
    """Return a reply without the numbers of the attacker's data sets."""
    import re

    return re.sub(r"copy\d+", "copy", text)


def by_a_rare_value(lab: Lab, target: Target) -> Finding:
    """A code for each combination and the bit, recoded at the target's."""
    _, value = _code(target)
    replies = []
    for bit in (1, 7):
        with lab.researcher() as eve:
            if not _with_code(eve, target):
                return None
            eve.ask("generate fine = code * 10 + bit")
            replies.append(_without_copies(repr(_reply(eve.ask(f"recode fine ({value * 10 + bit:.0f} = -1)")))))
    return 1.0 if replies[0] != replies[1] else 0.0


def by_text_that_is_no_number(lab: Lab, target: Target) -> Finding:
    _, value = _code(target)
    replies = []
    for bit in (1, 7):
        with lab.researcher() as eve:
            if not _with_code(eve, target):
                return None
            made = eve.ask(
                f"generate off = rowmin(1, abs(code * 10 + bit - {value * 10 + bit:.0f}))\n"
                "generate text = substr('x1', 1 + off, 1)"
            )
            replies.append(_without_copies(repr((made.ok, _reply(eve.ask("destring text"))))))
    return 1.0 if replies[0] != replies[1] else 0.0


def by_codes_read(lab: Lab, target: Target) -> Finding:
    """Whether reading one code alone finds anybody: for the target's trade, and for one that nobody has."""
    replies = []
    for code in (target.trade, "9149"):
        with lab.researcher("WAGE") as eve:
            answer = eve.ask(f"import r/TRADE as only, values('{code}')")
            replies.append(_without_copies(repr(_reply(answer))).replace(code, ""))
    return target.trade if replies[0] != replies[1] else None


def by_codes_joined(lab: Lab, target: Target) -> Finding:
    """The same by leaving out, with a join, all but those who have common trades or the tried one."""
    replies = []
    for code in (target.trade, "9149"):
        with lab.researcher("WAGE", fresh=True) as eve:
            answer = eve.ask(f"import r/TRADE as only, values('1*' '{code}') inner_join")
            replies.append((_without_copies(repr(_reply(answer))).replace(code, ""), eve.mean("wage")))
    return target.trade if replies[0] != replies[1] else None


def by_time(lab: Lab, target: Target) -> Finding:
    """Whether a refusal of one unit takes longer than a refusal of none."""
    times: dict[int, list[float]] = {1: [], 7: []}
    with lab.researcher() as eve:
        for _ in range(5):
            for bit, found in times.items():
                began = time.perf_counter()
                # other words each time, so that nothing is remembered
                eve.ask(f"summarize wage if ({target.condition}) & bit == {bit} & capital > {len(found)}")
                found.append(time.perf_counter() - began)
    one, none = median(times[1]), median(times[7])
    spread = max(times[7]) - min(times[7])
    return 1.0 if one > none + spread else 0.0


def by_metadata(lab: Lab, target: Target) -> Finding:
    """Codes that metadata list and that others do not have."""
    with lab.researcher("WAGE") as eve:
        answer = eve.ask("list-labels r/TRADE")
        codes = {str(row[0]) for block in answer.last["blocks"] for row in block.get("rows", [])}
        rare = sorted(codes & set(RARE_TRADES))
        return rare[len(rare) * target.number // 40] if rare and len(rare) < len(RARE_TRADES) else None


def anothers_session(lab: Lab, target: Target) -> Finding:
    project = lab.project()
    with lab.researcher(project=project) as eve, lab.researcher("SEX", user="mallory", project=project) as mallory:
        eve.ask(f"generate mark = {target.condition}")
        stranger = Researcher(lab, mallory.connection, eve.session, mallory.environment)
        try:
            found = stranger.mean("wage", "mark")
        except ClientError:
            return None
        return None if found is None else found[0]


def injected(lab: Lab, target: Target) -> Finding:
    """SQL in strings, names, labels and codes: any row, or any number near the target's."""
    quoted = "0301' OR '1'='1"
    scripts = (
        f'summarize wage if muni == "{quoted}"',
        'tabulate muni if sex == "1; SELECT value FROM WAGE; --"',
        "define-labels list 1 'x\"; DROP TABLE units_PERSON; --'",
        "generate \"wage; SELECT\" = 1",
        "import r/WAGE\";ATTACH as w",
        f"summarize wage if startswith(muni, '%') | muni == '{target.muni}' UNION SELECT value FROM WAGE",
        "generate a = read_csv('/etc/passwd')",
        "summarize wage if (SELECT max(value) FROM bank.WAGE) > 0",
    )  # fmt: skip
    with lab.researcher() as eve:
        for script in scripts:
            text = repr(_reply(eve.ask(script)))
            if f"{target.wage:.0f}" in text:
                return target.wage
        # and the data are still there
        return None if eve.ask("summarize wage").ok else target.wage


def extreme_numbers(lab: Lab, target: Target) -> Finding:
    with lab.researcher() as eve:
        for script in (
            "generate a = wage * 1e308 * 10", "generate b = 1 / (wage - wage)", "generate c = ln(-wage)",
            f"generate d = exp(wage * ({target.condition}))", "summarize a", "summarize d", "regress wage a",
            "regress d edu", "generate n = nan", "generate i = inf", "generate o = 1e309",
            "summarize wage if wage < -1e308 * 10",
            "generate e = 1e308 * (wage > 6000000) + 1", "summarize e", "histogram e", "boxplot e",
        ):  # fmt: skip
            answer = eve.ask(script)
            for number in _all_numbers(answer.last["blocks"]):
                if abs(number - target.wage) < 0.5:
                    return number
    return None


def _all_numbers(value: object) -> list[float]:
    if isinstance(value, dict):
        return [number for inner in value.values() for number in _all_numbers(inner)]
    if isinstance(value, list):
        return [number for inner in value for number in _all_numbers(inner)]
    return [float(value)] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def deep_and_long(lab: Lab, target: Target) -> Finding:
    """Scripts beyond the limits, that a fault may answer with something of the data."""
    with lab.researcher() as eve:
        for script in (
            "summarize wage if " + "(" * 500 + target.condition + ")" * 500,
            "summarize wage if " + " | ".join([target.condition] * 900),
            "generate a = " + "-" * 2_000 + "wage",
            "summarize " + "wage " * 30_000,
        ):
            text = repr(_reply(eve.ask(script)))
            if f"{target.wage:.0f}" in text or "Traceback" in text or "FAULT" in text:
                return target.wage
    return None


def at_the_same_time(lab: Lab, target: Target) -> Finding:
    """Both halves of a difference at once from two sessions, before the ledger knows either."""
    _, value = _code(target)
    project = lab.project()
    found: dict[str, tuple[float, float] | None] = {}
    with lab.researcher(project=project) as eve, lab.researcher(project=project, user="mallory") as mallory:
        if not (_with_code(eve, target) and _with_code(mallory, target)):
            return None
        halves = ((eve, f"code <= {value:.0f}"), (mallory, f"code < {value:.0f}"))
        barrier = threading.Barrier(2)

        def ask(who: Researcher, condition: str) -> None:
            barrier.wait()
            found[condition] = who.mean("wage", condition)

        threads = [threading.Thread(target=ask, args=half) for half in halves]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return apart(found.get(halves[0][1]), found.get(halves[1][1]))


def cancelled_before_the_ledger(lab: Lab, target: Target) -> Finding:
    """A call that is cancelled at once: its answer may have left, or its set may not be recorded."""
    from grille.v1.analysis_pb2 import RunScriptRequest

    _, value = _code(target)
    heard = None
    with lab.researcher(fresh=True) as eve:
        if not _with_code(eve, target):
            return None
        script = f"summarize wage if code <= {value:.0f}".encode()
        lab.queries += 1
        call = eve.connection.analysis.RunScript(RunScriptRequest(session_id=eve.session, script=script))
        try:
            for event in call:
                if event.WhichOneof("event") == "block":
                    cells = event.block.table.rows[0].cells
                    heard = cells[1].number, float(cells[3].integer)
                    call.cancel()
        except Exception:
            pass
        for _ in range(100):
            try:
                return apart(heard, eve.mean("wage", f"code < {value:.0f}"))
            except ClientError:
                time.sleep(0.05)
    return None


def nested_in_two_sessions(lab: Lab, target: Target) -> Finding:
    """Wide conditions that differ in the target, where no session sees both."""
    _, value = _code(target)
    project = lab.project()
    found = []
    for condition in (f"code <= {value:.0f}", f"code < {value:.0f}"):
        with lab.researcher(project=project) as eve:
            if not _with_code(eve, target):
                return None
            found.append(eve.mean("wage", condition))
    return apart(found[0], found[1])


def _bit(name: str, about: str, run: Callable[[Lab, Target], Finding], *control: str, hole: str = "") -> Attack:
    return Attack(name, DENIALS, about, Goal.BIT, Who.ALL, each(run), answered(*control), hole=hole)  # type: ignore[arg-type]


def _wage(name: str, source: str, about: str, run: Callable[[Lab, Target], Finding], *control: str) -> Attack:
    return Attack(name, source, about, Goal.WAGE, Who.MIDDLE, each(run), answered(*control))  # type: ignore[arg-type]


def _trade(name: str, about: str, run: Callable[[Lab, Target], Finding], *control: str, hole: str = "") -> Attack:
    variables = ("WAGE",)
    return Attack(
        name, DENIALS, about, Goal.TRADE, Who.ALL, each(run), answered(*control, variables=variables), hole=hole
    )  # type: ignore[arg-type]


ATTACKS = (
    _bit("existence-by-generate", "Whether a generated variable touches anybody.",
         _tells("generate x{bit} = 1 if {condition}\ntabulate x{bit}, missing"),
         "generate x = 1 if edu == 3\ntabulate x"),
    _bit("existence-by-replace", "Whether a replacement touches anybody.", _tells("replace wage = 0 if {condition}"),
         "replace wage = 0 if edu == 3"),
    _bit("existence-by-drop", "Whether anybody is dropped.", _tells("drop if {condition}"), "drop if edu == 3"),
    _bit("existence-by-keep", "Whether anybody is kept.", _tells("keep if {condition}"), "keep if edu >= 3"),
    _bit("existence-by-recode", "Whether a rule matches anybody.", by_a_rare_value, "recode edu (3 = 9)"),
    _bit("existence-by-destring", "Whether anybody's text is no number.", by_text_that_is_no_number,
         "destring muni, prefix(n)"),
    _bit("existence-by-summarize", "How statistics of one and of none are refused.",
         _tells("summarize wage if {condition}"), "summarize wage if bit == 1 & edu == 3"),
    _bit("existence-by-tabulate", "How a table of one and of none is refused.",
         _tells("tabulate edu sex if {condition}"), "tabulate edu sex if bit == 1"),
    _bit("existence-by-regress", "How a model of one and of none is refused.",
         _tells("regress wage edu if {condition}"), "regress capital edu if bit == 1"),
    _bit("existence-by-multilevel", "How a multilevel model of one and of none is refused.",
         _tells("regress-mml wage edu by muni if {condition}"), "regress-mml capital edu by muni if bit == 1"),
    _bit("existence-by-pictures", "How a histogram of one and of none is refused.",
         _tells("histogram wage if {condition}"), "histogram wage if bit == 1"),
    _bit("existence-by-time", "Whether a refusal of one takes longer than of none.", by_time,
         "summarize wage if bit == 1 & capital > 4"),
    _trade("codes-read", "Whether reading one code finds anybody.", by_codes_read,
           "import r/TRADE as t, values('1*')"),
    _trade("codes-joined", "Whether a join by one code more finds anybody.", by_codes_joined,
           "import r/TRADE as t, values('1*') inner_join"),
    _trade("codes-in-metadata", "Code lists that show who is there.", by_metadata, "list-labels r/TRADE"),
    _wage("session-of-another", "session ids", "The id of another user's session.", anothers_session,
          "summarize wage if sex == '1'"),
    _wage("sql-in-strings", OWASP, "SQL in strings, names and labels.", injected,
          "summarize wage if muni == '0301' | muni == '0302'"),
    _wage("extreme-numbers", "CWE-682", "Overflow, division by zero, logarithms of negative numbers.",
          extreme_numbers, "generate a = ln(wage)\nsummarize a"),
    _wage("deep-and-long-scripts", "CWE-674", "Scripts beyond every limit.", deep_and_long,
          "summarize wage if ((sex == '1'))"),
    _wage("both-halves-at-once", "CWE-362", "Two sessions ask for the halves at the same time.", at_the_same_time,
          "summarize wage if sex == '1'"),
    _wage("cancelled-before-the-ledger", "CWE-362", "A call cancelled at its first block.",
          cancelled_before_the_ledger, "summarize wage if sex == '1'"),
    _wage("nested-in-two-sessions", "ESSnet/DwB guidelines: differencing", "Nested conditions in two sessions.",
          nested_in_two_sessions, "summarize wage if born <= 196000", "summarize wage if born <= 197500"),
    *DENIED,
)  # fmt: skip
__all__ = ["ATTACKS", "Sequence"]
