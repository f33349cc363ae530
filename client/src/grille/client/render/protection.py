"""What disclosure control did to results: each rule explained once in a run, and then only named."""

from __future__ import annotations

from collections.abc import Iterable

from grille.client.render.style import clean, sentence
from grille.client.results import CommandResult
from grille.client.words import Words, pick
from grille.v1.results_pb2 import AppliedRule


class Protection:
    """Remembers which rules a reader has seen explained."""

    def __init__(self, words: Words) -> None:
        """Make a memory without rules."""
        self._words = words
        self._explained: set[str] = set()

    def remarks(self, result: CommandResult) -> list[str]:
        """Return one remark per rule that is new, and one that names those explained before.

        Under the answer of a command that only prepares data, known rules are left out: they would stand under nearly
        every line of a script.
        """
        new = {rule.rule: rule for rule in result.rules if rule.rule not in self._explained}
        known = {rule.rule: rule for rule in result.rules if rule.rule in self._explained}
        self._explained.update(new)
        head = pick(self._words, "Protection", "Vern")
        told = [f"{head}, {name_of(rule)}: {sentence(rule.detail or rule.rule)}" for rule in new.values()]
        if known and result.figures:
            above = pick(self._words, "see above", "se over")
            told.append(f"{head}: {names_of(known.values())} ({above}).")
        return told


def name_of(rule: AppliedRule) -> str:
    """Return the short name of a rule, its key with blanks when the server sent no name."""
    return clean(rule.name or rule.rule.replace("_", " "))


def names_of(rules: Iterable[AppliedRule]) -> str:
    """Return the short names of rules, each once."""
    return ", ".join(dict.fromkeys(name_of(rule) for rule in rules))
