"""What single units make up of an outcome's variation comes out of the pass that the model makes anyway."""

from __future__ import annotations

import numpy as np
import pytest
from support.workbench import START, Workbench

DATA = (
    START
    + "import r/KJONN as sex\nimport r/LONN 2022-12-31 as wage\nimport r/FODT as born\ngenerate man = sex == '1'\n"
)


@pytest.mark.parametrize("model", ["regress wage man born", "regress wage man", "regress-mml wage born by man"])
def test_the_weights_are_those_of_the_values(bench: Workbench, model: str) -> None:
    bench.run(DATA)
    from_the_models_pass = bench.run(model).weights[0]
    wage = np.array([value for value in bench.values("wage") if value is not None], dtype=np.float64)
    away = np.sort((wage - wage.mean()) ** 2)
    assert from_the_models_pass == pytest.approx((away.sum(), away[-1], away[-2]), rel=1e-9)
