"""The rules that each command of a script will meet, as text and as JSON values."""

from __future__ import annotations

from typing import Any

from grille.client.render.style import Style, clean, sentence, wrapped
from grille.client.words import Words, pick
from grille.v1 import analysis_pb2
from grille.v1.analysis_pb2 import CheckScriptResponse, CommandExplanation, RuleToMeet

_INDENT = "    "


def explanation_lines(answer: CheckScriptResponse, width: int, words: Words, style: Style) -> list[str]:
    """Return one part per command that meets rules; a rule is explained where it first comes and then only named."""
    head = pick(words, "Policy: profile {0}", "Regler: profilen {0}").format(clean(answer.profile))
    lines, told = [style.bold(head), ""], set[str]()
    free = 0
    for command in answer.explanations:
        if not command.rules:
            free += 1
            continue
        first, *rest = wrapped(f"{command.line}: {clean(command.source)}", width - 2)
        lines += [style.dim(f"> {first}"), *(style.dim(f"{_INDENT}{line}") for line in rest)]
        lines += _rules(command, told, width, words, style)
        lines.append("")
    if free:
        none = pick(words, "{0} other commands meet no rule.", "{0} andre kommandoer møter ingen regler.")
        lines += [none.format(free), ""]
    return lines


def explanation_json(answer: CheckScriptResponse) -> dict[str, Any]:
    """Return the explanations as JSON values."""
    return {"profile": answer.profile, "explanations": [_command(one) for one in answer.explanations]}


def _rules(command: CommandExplanation, told: set[str], width: int, words: Words, style: Style) -> list[str]:
    lines = []
    for rule in (rule for rule in command.rules if rule.rule not in told):
        refuses = rule.effect == analysis_pb2.RULE_EFFECT_REFUSAL
        head = pick(words, "Refused if", "Avvises hvis") if refuses else pick(words, "Changed by", "Endres av")
        text = f"{head} {_name(rule)}: {sentence(rule.detail)}"
        lines += [f"  {line}" if i == 0 else f"{_INDENT}{line}" for i, line in enumerate(wrapped(text, width - 4))]
    known = ", ".join(_name(rule) for rule in command.rules if rule.rule in told)
    if known:
        above = pick(words, "As above: {0}", "Som over: {0}").format(known)
        lines += [style.dim(f"  {line}") for line in wrapped(above, width - 2)]
    told.update(rule.rule for rule in command.rules)
    return lines


def _name(rule: RuleToMeet) -> str:
    return clean(rule.name or rule.rule)


def _command(command: CommandExplanation) -> dict[str, Any]:
    return {
        "line": command.line,
        "command": command.command,
        "source": command.source,
        "rules": [
            {
                "rule": rule.rule,
                "effect": "refusal" if rule.effect == analysis_pb2.RULE_EFFECT_REFUSAL else "change",
                "detail": rule.detail,
                "hint": rule.hint or None,
                "numbers": {number.key: _number(number.value) for number in rule.numbers},
            }
            for rule in command.rules
        ],
    }


def _number(value: float) -> float | int:
    return int(value) if value.is_integer() else value
