"""Makes every attack on registers of two sizes, prints the table, and exits 1 when one succeeds. See `make attacks`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from disclosure.attacks.catalogue import ATTACKS, FAMILIES
from support.attack_lab import Lab
from support.attack_report import line, page, summary, verdict
from support.attack_scoring import Outcome, few_targets, judge, targets_of
from support.attack_utility import Utility, utility

FIRST = frozenset(attacks[0].name for attacks in FAMILIES.values())
SIZES = (5_000, 200_000)
PAGE = Path(__file__).resolve().parents[3] / "docs" / "attacks.md"


def on_one_register(size: int, most: int, only: tuple[str, ...]) -> tuple[list[tuple[str, Outcome]], Utility]:
    """Make the attacks on one register; printing as they end. Outcomes are given by name, as attacks hold functions."""
    with tempfile.TemporaryDirectory(prefix="grille-attacks-") as folder:
        lab = Lab.build(Path(folder), size)
        lab.start()
        outcomes = []
        try:
            cost = utility(lab)
            print(cost.line(), flush=True)
            for attack in ATTACKS:
                if not only or attack.name in only:
                    if most or attack.name in FIRST:
                        lab.begin()
                    targets = targets_of(attack, lab.register, most) if most else few_targets(attack, lab.register)
                    outcome = judge(attack, lab, targets)
                    print(line(outcome), flush=True)
                    outcomes.append(outcome)
        finally:
            lab.stop()
    return [(outcome.attack.name, _bare(outcome)) for outcome in outcomes], cost


def _bare(outcome: Outcome) -> Outcome:
    """Return an outcome without its attack, whose functions another process cannot be sent."""
    return Outcome(None, outcome.size, outcome.targets, outcome.queries, outcome.found, outcome.guess, outcome.control)  # type: ignore[arg-type]


def _whole(name: str, bare: Outcome) -> Outcome:
    attack = next(one for one in ATTACKS if one.name == name)
    return Outcome(attack, bare.size, bare.targets, bare.queries, bare.found, bare.guess, bare.control)


def main() -> int:
    """Run all, or the attacks that are named; return 1 when the suite does not pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attacks", nargs="*", help="names; all without any")
    parser.add_argument(
        "--targets",
        type=int,
        default=20,
        help="targets per attack; 0: one or two, in sessions that the attacks of a family share",
    )
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="units of the registers")
    options = parser.parse_args()
    began = time.monotonic()
    outcomes, utilities = [], []
    with ProcessPoolExecutor(len(options.sizes)) as pool:
        runs = [pool.submit(on_one_register, size, options.targets, tuple(options.attacks)) for size in options.sizes]
        for run in runs:
            found, cost = run.result()
            outcomes += [_whole(name, bare) for name, bare in found]
            utilities.append(cost)
    print(*summary(outcomes, utilities), f"{time.monotonic() - began:.0f} seconds", sep="\n")
    if options.write:
        PAGE.write_text(page(FAMILIES, outcomes, utilities), encoding="utf-8")
    return 0 if verdict(outcomes, utilities).passed else 1


if __name__ == "__main__":
    sys.exit(main())
