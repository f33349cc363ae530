import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grille.server.audit.chain import GENESIS, BadLineError, canonical, seal, unseal
from grille.server.audit.merkle import merkle_root

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
FIELDS = st.dictionaries(
    TEXTS.filter(lambda key: key not in {"hash", "sequence", "previous"}),
    TEXTS | st.integers(0, 10**12) | st.lists(TEXTS, max_size=3) | st.none(),
    max_size=5,
)


@given(FIELDS, st.integers(1, 10**12))
def test_a_sealed_line_is_one_line_and_unseals_to_its_content(fields: dict[str, object], sequence: int) -> None:
    line, own = seal(fields, sequence, GENESIS)
    assert line.count(b"\n") == 1
    read = unseal(line[:-1])
    assert (read.sequence, read.previous, read.hash) == (sequence, GENESIS, own)
    assert {**fields, "sequence": sequence, "previous": GENESIS, "hash": own} == read.fields


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical({"b": 1, "a": [2, "ø"]}) == canonical({"a": [2, "ø"], "b": 1}) == '{"a":[2,"ø"],"b":1}'.encode()


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b"nonsense", b'{"sequence":1}', b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_sealed_record_is_told_apart(line: bytes) -> None:
    with pytest.raises(BadLineError):
        unseal(line)


def test_spaces_or_repeated_keys_in_a_line_are_found_though_its_content_is_the_same() -> None:
    line, _ = seal({"a": 1}, 1, GENESIS)
    for changed in (line.replace(b":", b": ", 1), line.replace(b'{"a":1', b'{"a":1,"a":1'), b" " + line):
        with pytest.raises(BadLineError):
            unseal(changed[:-1])


@given(st.integers(1, 70))
def test_the_merkle_root_is_that_of_rfc_6962(count: int) -> None:
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(count)]

    def defined(part: list[bytes]) -> bytes:
        if len(part) == 1:
            return hashlib.sha256(b"\x00" + part[0]).digest()
        split = 1
        while split * 2 < len(part):
            split *= 2
        return hashlib.sha256(b"\x01" + defined(part[:split]) + defined(part[split:])).digest()

    assert merkle_root([leaf.hex() for leaf in leaves]) == defined(leaves).hex()
