"""The standard gate before a ledger on disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grille.server.disclosure.gate import Gate
from grille.server.disclosure.ledger import Ledger
from grille.server.disclosure.policy import Policy


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    ledger = Ledger(tmp_path / "ledger.sqlite", b"a" * 32)
    yield Gate(Policy.standard(), ledger)
    ledger.close()
