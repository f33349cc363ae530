"""Random attackers: hypothesis walks through scripts, and a search breeds sets of questions that tell a target's bit.

Both work on a register of 5 000 through the real client. The walk demands of every reply that it holds no target's wage
and is the same for the same question; the search is scored on targets that it was not bred on. See `make attacks-long`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from support.attack_bank import Target
from support.attack_lab import Answer, Lab, Researcher
from support.attack_scoring import ADVANTAGE

PIECES = (
    "sex == '1'", "edu <= 4", "born >= 197000", "county == '03'", "capital > 900000", "inlist(edu, 1, 3, 5)",
    "startswith(muni, '1')", "wage > 500000", "trade < '1030'",
)  # fmt: skip
STATISTICS = (
    "summarize y", "tabulate edu bit", "tabulate mark bit", "regress y edu mark", "summarize bit",
    "tabulate mark, summarize(y)", "correlate y edu mark", "ci y", "boxplot y, over(sex)", "histogram y, freq",
)  # fmt: skip
LAB: list[Lab] = []


def _numbers(answer: Answer) -> list[float]:
    found = []
    for block in answer.last["blocks"]:
        for row in block.get("rows", ()):
            found += [float(cell) for cell in row if isinstance(cell, (int, float))]
    return found


class RandomAttacker(RuleBasedStateMachine):
    """Walks through preparation and statistics around one target, in one session of a project of its own."""

    @initialize(number=st.integers(0, 39))
    def begin(self, number: int) -> None:
        """Open a session and make the variables of the attack."""
        self.target: Target = LAB[0].register.targets[number]
        self.manager = LAB[0].researcher(fresh=True)
        self.eve: Researcher = self.manager.__enter__()
        self.answers: dict[str, object] = {}
        assert self.eve.ask(f"generate y = wage\ngenerate mark = {self.target.condition}").ok

    @rule(piece=st.sampled_from(PIECES), how=st.sampled_from(("{p} | ({t})", "{p} & !({t})", "{p}", "!({p}) | ({t})")))
    def mark(self, piece: str, how: str) -> None:
        """Make the dummy anew."""
        self.answers.clear()
        self.eve.ask(f"drop mark\ngenerate mark = {how.format(p=piece, t=self.target.condition)}")

    @rule(
        how=st.sampled_from(
            ("wage * (1 - mark)", "wage - 500000", "ln(wage)", "wage * mark + 1000", "wage / (2 - mark)")
        )
    )
    def change(self, how: str) -> None:
        """Make the numeric variable anew."""
        self.answers.clear()
        self.eve.ask(f"drop y\ngenerate y = {how}")

    @rule(statistic=st.sampled_from(STATISTICS), piece=st.sampled_from(("", *PIECES)), alone=st.booleans())
    def look(self, statistic: str, piece: str, alone: bool) -> None:
        """Ask; a wage of a target never stands in the reply, and the same question has the same answer."""
        parts = [part for part in (piece, f"({self.target.condition})" if alone else "") if part]
        command, _, options = statistic.partition(",")
        script = command + (f" if {' | '.join(parts)}" if parts else "") + (f",{options}" if options else "")
        answer = self.eve.ask(script)
        for number in _numbers(answer):
            assert abs(number - self.target.wage) > 0.5 or self.target.wage < 1e6, script
        shown = (answer.reason, _numbers(answer))
        assert answer.reason == "SETS_TOO_CLOSE" or self.answers.setdefault(script, shown) == shown, script

    def teardown(self) -> None:
        """Close the session."""
        if hasattr(self, "manager"):
            self.manager.__exit__(None, None, None)


@dataclass(frozen=True, slots=True)
class Question:
    """A count of ones: a base of pieces, whether the target is added, and its weight in the guess."""

    pieces: tuple[int, ...]
    added: bool
    weight: float

    def script(self, target: Target) -> str:
        """Return the question about a target."""
        base = " & ".join(PIECES[piece] for piece in self.pieces)
        return f"tabulate bit if ({base}) | ({target.condition})" if self.added else f"tabulate bit if {base}"


def breed(lab: Lab, generations: int, random: np.random.Generator) -> float:
    """Breed sets of questions for the share of bits told on half of the targets; return that on the other half."""
    targets = lab.register.targets
    train, test = targets[::2][:8], targets[1::2]
    population = [_random_set(random) for _ in range(6)]
    for _ in range(generations):
        ranked = sorted(population, key=lambda one: -_share(lab, one, train))
        parents = ranked[:3]
        population = [*parents, *(_mixed(parents, random) for _ in range(3))]
    best = max(population, key=lambda one: _share(lab, one, train))
    return _share(lab, best, test)


def _random_set(random: np.random.Generator) -> tuple[Question, ...]:
    def one() -> Question:
        pieces = tuple(random.choice(len(PIECES), size=random.integers(1, 3), replace=False).tolist())
        return Question(pieces, bool(random.random() < 0.5), float(random.choice([-1.0, 1.0])))

    return tuple(one() for _ in range(6))


def _mixed(parents: list[tuple[Question, ...]], random: np.random.Generator) -> tuple[Question, ...]:
    one, two = random.choice(len(parents), 2, replace=False)
    child = [parents[one][place] if random.random() < 0.5 else parents[two][place] for place in range(6)]
    # a mutation repeats one question with the target, and the opposite weight
    chosen = child[random.integers(6)]
    child[random.integers(6)] = Question(chosen.pieces, not chosen.added, -chosen.weight)
    return tuple(child)


def _share(lab: Lab, questions: tuple[Question, ...], targets: tuple[Target, ...] | list[Target]) -> float:
    """Return how many bits a set of questions tells, by the sign of its weighted sum; a tie is a guess at 0."""
    hits = 0
    for target in targets:
        with lab.researcher() as eve:
            total = 0.0
            for question in questions:
                answer = eve.ask(question.script(target))
                ones = answer.figure("frequencies", "1", "frequencies") if answer.ok else None
                total += question.weight * (ones or 0.0)
        balance = sum(question.weight for question in questions)
        hits += (1 if total > 0 and balance == 0 else 0) == target.bit
    return hits / len(targets)


def main() -> int:
    """Run both; return 1 when one of them learns something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=60, help="walks of the random attacker")
    parser.add_argument("--steps", type=int, default=25, help="steps of each walk")
    parser.add_argument("--generations", type=int, default=8, help="generations of the search")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="grille-attacks-") as folder:
        lab = Lab.build(Path(folder), 5_000)
        lab.start()
        LAB.append(lab)
        try:
            run_state_machine_as_test(
                RandomAttacker,
                settings=settings(
                    max_examples=options.examples,
                    stateful_step_count=options.steps,
                    deadline=None,
                    database=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
            print(f"random attacker: {options.examples} walks, nothing learned")
            lab.begin()
            share = breed(lab, options.generations, np.random.default_rng(1))
        finally:
            lab.stop()
    guess = 0.5
    print(f"bred questions tell {share:.0%} of the bits of targets they were not bred on; guessing {guess:.0%}")
    return 1 if share > guess + ADVANTAGE else 0


if __name__ == "__main__":
    sys.exit(main())
