"""Fixtures: the small bank in two versions, a locked engine over it, and a workbench."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import small_bank
from support.workbench import Workbench

from grille.server.catalog import bank_file
from grille.server.catalog.banks import list_banks
from grille.server.engines.duckdb.engine import DuckDbEngine, open_session_engine


@pytest.fixture(scope="session")
def banks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("banks")
    small_bank.make_bank(folder, 1)
    small_bank.make_bank(folder, 2, small_bank.LATER_PERSONS)
    return folder


@pytest.fixture
def engine(banks: Path, tmp_path: Path) -> Iterator[DuckDbEngine]:
    opened = open_engine(banks, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def open_another(banks: Path) -> Callable[..., DuckDbEngine]:
    return lambda folder, **limits: open_engine(banks, folder, **limits)


@pytest.fixture
def bench(engine: DuckDbEngine, banks: Path) -> Workbench:
    return Workbench(engine, list_banks(banks))


def open_engine(banks: Path, folder: Path, *, threads: int = 2, memory_limit: str = "1GB") -> DuckDbEngine:
    opened = open_session_engine(
        str(folder / "session.duckdb"),
        "session key",
        memory_limit=memory_limit,
        threads=threads,
        temp_directory=str(folder / "spill"),
    )
    for version in (1, 2):
        path = bank_file.data_path(banks, small_bank.BANK, version)
        opened.attach(f"{small_bank.BANK}@{version}", str(path), small_bank.KEY)
    opened.lock()
    return opened
