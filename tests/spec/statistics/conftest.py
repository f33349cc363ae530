"""A locked engine and a workbench over the small bank."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from support.fixtures import banks, bench, engine, open_another

__all__ = ["banks", "bench", "engine", "open_another"]
