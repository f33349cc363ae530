"""Groups of few units in the small bank, and what the gate says of a script about them."""

from __future__ import annotations

import numpy as np
from support.gate_cases import Silent
from support.small_bank import truth
from support.workbench import START, Workbench

from grille.server.disclosure.gate import Gate
from grille.server.disclosure.policy import Policy
from grille.server.errors import GrilleError

DATA = START + (
    "import r/KJONN as sex\nimport r/LONN 2022-12-31 as wage\nimport r/FODT as born\n"
    "generate man = sex == '1'\ngenerate age = 2022 - int(born / 100)\n"
)


def above(count: int) -> float:
    """Return a wage that `count` units, or the next number possible, have more than."""
    wage = truth().wage[2022]
    ordered = np.sort(wage[~np.isnan(wage)])
    return float((ordered[-count - 1] + ordered[-count]) / 2) if count else float(ordered[-1] + 1)


def reason(bench: Workbench, script: str) -> str | None:
    """Return why the last command of a script is refused; None when it is answered."""
    try:
        evidence = bench.run(script)
        Gate(Policy.standard(), Silent()).release(evidence, project="P")
    except GrilleError as error:
        return error.reason
    return None
