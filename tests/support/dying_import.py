"""An import that kills its own process when data are read and units are numbered; runs in a process of its own."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from support.imports import run_import

from grille.server.text import Text


def die_while_importing(banks: Path, source: Path) -> None:
    """Begin an import and die before keys and sketches."""

    def dying(_title: Text, share: float) -> None:
        if share > 0.8:
            os.kill(os.getpid(), signal.SIGKILL)

    run_import(banks, source, progress=dying)
