"""The records of a session are found among all others, and looking for one that never was reads none."""

from pathlib import Path

import pytest

from grille.server.audit import sessions
from grille.server.audit.chain import Line, unseal
from grille.server.audit.files import Files
from grille.server.audit.sessions import entries_of

LOG = Path(__file__).parent / "log_of_0_1"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The lines that were parsed."""
    lines: list[bytes] = []

    def counted(line: bytes) -> Line:
        lines.append(line)
        return unseal(line)

    monkeypatch.setattr(sessions, "unseal", counted)
    return lines


@pytest.mark.parametrize("session", ["e", "no", '"', "session", "\\", "{", "command", "æ", "\x00", "tabulate"])
def test_an_id_that_is_part_of_many_lines_has_none_of_them_parsed(opened: list[bytes], session: str) -> None:
    assert list(entries_of(Files(LOG), session)) == []
    assert opened == []  # or whoever asks for the session "e" has the whole log parsed


def test_all_records_of_a_session_are_found(opened: list[bytes]) -> None:
    known = {
        unseal(line).fields["session"] for path in LOG.glob("records-*") for line in path.read_bytes().splitlines()
    }
    (session,) = (str(one) for one in known if one)
    found = list(entries_of(Files(LOG), session))
    assert len(found) == len(opened) == 8
