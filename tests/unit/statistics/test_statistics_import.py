"""Importing the estimators is cheap and takes no data frame library along."""

from __future__ import annotations

import subprocess
import sys


def test_no_heavy_library_is_imported() -> None:
    script = (
        "import sys\n"
        "import grille.server.statistics.reml, grille.server.statistics.ols, grille.server.statistics.leverage\n"
        "import grille.server.statistics.rarity\n"
        "print(sorted({'pandas', 'statsmodels', 'scipy.stats', 'duckdb', 'patsy'} & set(sys.modules)))\n"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
