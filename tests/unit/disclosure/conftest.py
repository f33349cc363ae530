"""A ledger on disk and the standard gate before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grille.server.disclosure.gate import Gate
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.policy import Policy


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / "ledger.sqlite", b"g" * 32)
    yield opened
    opened.close()


@pytest.fixture
def gate(ledger: Ledger) -> Gate:
    return Gate(Policy.standard(), ledger)
