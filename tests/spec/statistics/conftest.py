"""One workbench over the small bank per module, put back after each test as it was after the module's DATA."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from support.fixtures import banks, open_engine
from support.workbench import Workbench

from grille.server.catalog.banks import list_banks
from grille.server.disclosure.policy import Policy

__all__ = ["banks"]


@pytest.fixture(scope="module")
def prepared(
    banks: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Workbench]:
    engine = open_engine(banks, tmp_path_factory.mktemp("session"))
    bench = Workbench(engine, list_banks(banks))
    bench.run(request.module.DATA)
    yield bench
    engine.close()


@pytest.fixture
def data(prepared: Workbench) -> Iterator[Workbench]:
    scope, frames = prepared.scope, prepared.frames
    prepared.policy = Policy.standard()
    yield prepared
    prepared.scope, prepared.frames = scope, frames
