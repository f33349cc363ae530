"""The table of attacks: printed, and written as docs/attacks.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support.attack_scoring import ADVANTAGE, Attack, Outcome
from support.attack_utility import Utility

CONTROLS = 0.95

HEAD = """# Attacks and what came of them

Written by `make attacks ARGS=--write`; do not edit. [disclosure.md](disclosure.md) says what the rules are.

Each attack is made through the real client on a running server, on a register of {sizes} persons that holds planted
targets: persons with wages far beyond all others, persons with ordinary wages, each with a trade of its own, a
combination of known properties that nobody else has, and a secret bit. It has a project of its own; where earlier
releases matter, a project for each target. An attack **succeeds** when a wage is found within 10 %, or a trade or bit
exactly, more than 5 percentage points more often than by the best guess that is the same for all targets. Where it
comes to nothing the attacker is left with that guess. Every attack has a **control**, an honest question of the same
shape, which must be answered.

In the columns: share of targets found, by guessing in brackets; number of targets; scripts for all of them.
"""


SHORT = """This page is of the short form, `make attacks ARGS="--targets 0 --write"`: one target for each attack, two
for a bit, and the attacks of a family share a project.
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the suite passes: no attack succeeded but known ones, controls answered, statistics useful."""

    unexpected: tuple[str, ...]
    closed: tuple[str, ...]
    controls: float
    utility: bool

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.unexpected and self.controls >= CONTROLS and self.utility


def verdict(outcomes: Sequence[Outcome], utilities: Sequence[Utility]) -> Verdict:
    """Judge all outcomes; an attack with a known hole may succeed, and is named when it does so nowhere any more."""
    succeeded = {outcome.attack.name for outcome in outcomes if outcome.succeeded}
    known = {outcome.attack.name for outcome in outcomes if outcome.attack.hole}
    return Verdict(
        unexpected=tuple(sorted(succeeded - known)),
        closed=tuple(sorted(known - succeeded)),
        controls=sum(outcome.control for outcome in outcomes) / max(len(outcomes), 1),
        utility=all(utility.good for utility in utilities),
    )


def line(outcome: Outcome) -> str:
    """Return one outcome as a line of text."""
    marks = ["SUCCEEDED" if outcome.succeeded else "", "" if outcome.control else "CONTROL REFUSED"]
    if outcome.succeeded and outcome.attack.hole:
        marks[0] += " (known)"
    return (
        f"{outcome.size:>7,} {outcome.attack.name:<34} {outcome.attack.source:<46.46} {outcome.queries:>5} scripts "
        f"{outcome.found:>4.0%} ({outcome.guess:.0%}) {' '.join(filter(None, marks))}"
    ).rstrip()


def summary(outcomes: Sequence[Outcome], utilities: Sequence[Utility]) -> list[str]:
    """Return the last lines: what succeeded, how many controls were answered, and the utility."""
    found = verdict(outcomes, utilities)
    lines = [
        f"{len({outcome.attack.name for outcome in outcomes})} attacks, {sum(o.queries for o in outcomes):,} scripts",
        f"succeeded: {', '.join(found.unexpected) or 'none'}",
        f"controls answered: {found.controls:.1%}",
    ]
    known = sorted({o.attack.name for o in outcomes if o.attack.hole and o.succeeded})
    if known:
        lines.insert(2, f"succeeded as known: {', '.join(known)}")
    if found.closed:
        lines.insert(2, f"known to succeed, but did not: {', '.join(found.closed)}")
    return lines + [utility.line() for utility in utilities]


def page(families: Mapping[str, Sequence[Attack]], outcomes: Sequence[Outcome], utilities: Sequence[Utility]) -> str:
    """Return docs/attacks.md."""
    sizes = sorted({outcome.size for outcome in outcomes})
    known = {(outcome.attack.name, outcome.size): outcome for outcome in outcomes}
    lines = [HEAD.format(sizes=" and of ".join(f"{size:,}".replace(",", " ") for size in sizes))]
    if max(outcome.targets for outcome in outcomes) <= 2:
        lines[0] += "\n" + SHORT
    lines += [f"* {line}" for line in summary(outcomes, utilities)]
    for family, attacks in families.items():
        heads = " | ".join(f"{size:,}".replace(",", " ") for size in sizes)
        lines += ["", f"## {family}", "", f"| attack | what is tried | source | secret | {heads} | control |"]
        lines.append("|---|---|---|---" + "|---" * len(sizes) + "|---|")
        for attack in attacks:
            found = [known[attack.name, size] for size in sizes if (attack.name, size) in known]
            cells = " | ".join(_cell(known.get((attack.name, size))) for size in sizes)
            control = "answered" if all(one.control for one in found) else "refused"
            lines.append(
                f"| {attack.name} | {attack.about} | {attack.source} | {attack.goal.value} | {cells} | {control} |"
            )
    holes = [attack for attacks in families.values() for attack in attacks if attack.hole]
    if holes:
        lines += ["", "## Known to succeed", ""] + [f"* **{attack.name}**: {attack.hole}." for attack in holes]
    return "\n".join(lines) + "\n"


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return "–"
    text = f"{outcome.found:.0%} ({outcome.guess:.0%}) {outcome.targets}; {outcome.queries}"
    return f"**{text}**" if outcome.succeeded else text


__all__ = ["ADVANTAGE", "Verdict", "line", "page", "summary", "verdict"]
