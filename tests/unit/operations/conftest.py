from pathlib import Path

import pytest

from grille.server.operations.home import Home
from grille.server.operations.initialize import initialize
from grille.server.operations.registry import Registry


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return initialize(tmp_path / "home", hosts=["grille.example.org"])


@pytest.fixture
def project(home: Home) -> str:
    registry = Registry(home.control)
    registry.add_project("wages", ["no.ssb.fdb"], "standard")
    registry.close()
    return "wages"
