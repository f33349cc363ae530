"""What a check found of rules, as messages."""

from __future__ import annotations

from grille.server.disclosure.meeting import RuleToMeet
from grille.server.disclosure.policy import Policy
from grille.server.execution.explain import Checked
from grille.server.text import Language
from grille.v1 import analysis_pb2


def explanations(found: Checked, policy: Policy, language: Language) -> list[analysis_pb2.CommandExplanation]:
    """Return the rules that each command will meet, texts in `language`."""
    return [
        analysis_pb2.CommandExplanation(
            command=one.node.head.name,
            source=one.node.head.source,
            line=one.node.head.span.line,
            rules=[_rule(rule, language) for rule in one.rules],
        )
        for one in found.explained(policy)
    ]


def _rule(rule: RuleToMeet, language: Language) -> analysis_pb2.RuleToMeet:
    return analysis_pb2.RuleToMeet(
        rule=rule.rule,
        effect=analysis_pb2.RULE_EFFECT_REFUSAL if rule.refuses else analysis_pb2.RULE_EFFECT_CHANGE,
        detail=rule.detail.in_language(language),
        name=rule.name.in_language(language) if rule.name is not None else "",
        hint=rule.hint.in_language(language) if rule.hint is not None else "",
        numbers=[analysis_pb2.PolicyNumber(key=key, value=value) for key, value in rule.numbers],
    )
