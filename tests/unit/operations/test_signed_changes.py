"""A bank's policy is loosened by two enrolled custodians together, for this home and this moment, and not otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from grille.server.disclosure.policy import Policy
from grille.server.errors import AccessDeniedError, GrilleError, InternalError, TypeMismatchError
from grille.server.operations.home import Home
from grille.server.operations.initialize import initialize
from grille.server.operations.policies.book import PolicyBook
from grille.server.operations.policies.changes import SignedChange, parse_change
from grille.server.operations.policies.custodians import load_custodian_key, make_custodian_key
from grille.server.operations.policies.setting import apply_change, custodian_change, propose

BANK = "no.test"
LOOSE = "cell_min = 5\n"


class Custodian:
    """A person with a key."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.key = Ed25519PrivateKey.generate()

    @property
    def pem(self) -> str:
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def signs(self, signed: SignedChange) -> SignedChange:
        return signed.signed(self.name, self.key)


@pytest.fixture(scope="module")
def people() -> tuple[Custodian, ...]:
    return tuple(Custodian(name) for name in ("kari", "ola", "per", "eva"))


@pytest.fixture
def home(tmp_path: Path, people: tuple[Custodian, ...]) -> Home:
    made = initialize(tmp_path / "home")
    for one in people[:2]:
        apply_change(made, one.signs(custodian_change(PolicyBook(made), "enrol", one.name, one.pem).signed))
    return made


def loosening(home: Home, content: str = LOOSE) -> SignedChange:
    return propose(PolicyBook(home), "bank", BANK, content).signed


def refused(home: Home, signed: SignedChange) -> str:
    before = (home.policies / "changes.jsonl").read_bytes()
    with pytest.raises(GrilleError) as caught:
        apply_change(home, signed)
    assert (home.policies / "changes.jsonl").read_bytes() == before, "a refused change leaves nothing"
    return caught.value.reason


def test_two_enrolled_custodians_loosen_and_nobody_else(home: Home, people: tuple[Custodian, ...]) -> None:
    kari, ola, per, _ = people
    change = loosening(home)
    assert refused(home, change) == "SIGNATURES_NEEDED"
    assert refused(home, kari.signs(change)) == "SIGNATURES_NEEDED"
    assert refused(home, kari.signs(kari.signs(change))) == "SIGNATURES_NEEDED"
    assert refused(home, per.signs(kari.signs(change))) == "UNKNOWN_CUSTODIAN"
    assert refused(home, kari.signs(change).signed("ola", per.key)) == "SIGNATURE_INVALID"
    assert PolicyBook(home).bank(BANK).policy == Policy.standard()
    apply_change(home, ola.signs(kari.signs(change)))
    assert PolicyBook(home).bank(BANK).policy.cell_min == 5


def test_one_person_with_two_names_is_one_person(home: Home, people: tuple[Custodian, ...]) -> None:
    kari, ola, _, _ = people
    twice = custodian_change(PolicyBook(home), "enrol", "karin", kari.pem).signed.signed("karin", kari.key)
    assert refused(home, ola.signs(kari.signs(twice))) == "CUSTODIAN_EXISTS"


def test_a_third_custodian_is_enrolled_by_two_and_with_the_own_key(home: Home, people: tuple[Custodian, ...]) -> None:
    kari, ola, per, eva = people
    change = custodian_change(PolicyBook(home), "enrol", "per", per.pem).signed
    assert refused(home, per.signs(change)) == "SIGNATURES_NEEDED"
    assert refused(home, per.signs(kari.signs(change))) == "SIGNATURES_NEEDED"
    assert refused(home, ola.signs(kari.signs(change))) == "SIGNATURES_NEEDED", "the key's owner must hold it"
    assert refused(home, ola.signs(kari.signs(change)).signed("per", eva.key)) == "SIGNATURE_INVALID"
    apply_change(home, per.signs(ola.signs(kari.signs(change))))
    apply_change(home, per.signs(kari.signs(loosening(home))))


def test_a_retired_custodian_signs_nothing_any_more(home: Home, people: tuple[Custodian, ...]) -> None:
    kari, ola, per, _ = people
    apply_change(
        home, per.signs(ola.signs(kari.signs(custodian_change(PolicyBook(home), "enrol", "per", per.pem).signed)))
    )
    apply_change(home, per.signs(ola.signs(custodian_change(PolicyBook(home), "retire", "kari").signed)))
    assert refused(home, ola.signs(kari.signs(loosening(home)))) == "UNKNOWN_CUSTODIAN"
    apply_change(home, ola.signs(per.signs(loosening(home))))


def test_signatures_count_once_and_in_one_home(home: Home, people: tuple[Custodian, ...], tmp_path: Path) -> None:
    kari, ola, _, _ = people
    change = ola.signs(kari.signs(loosening(home)))
    twin = initialize(tmp_path / "twin")
    for one in (kari, ola):
        apply_change(twin, one.signs(custodian_change(PolicyBook(twin), "enrol", one.name, one.pem).signed))
    assert refused(twin, change) == "CHANGE_OUTDATED"
    apply_change(home, change)
    assert refused(home, change) == "CHANGE_OUTDATED"
    apply_change(home, propose(PolicyBook(home), "bank", BANK, "cell_min = 20\n").signed)
    assert refused(home, change) == "CHANGE_OUTDATED", "an old approval does not undo a tightening"
    assert PolicyBook(home).bank(BANK).policy.cell_min == 20


@pytest.mark.parametrize(
    "field,value",
    [
        ("content", "cell_min = 4\n"),
        ("subject", "no.other"),
        ("kind", "retire"),
        ("number", 99),
        ("previous", "0" * 64),
        ("before", 'profile = "open"\n'),
    ],
)
def test_whatever_is_altered_after_signing_is_refused(
    home: Home, people: tuple[Custodian, ...], field: str, value: object
) -> None:
    kari, ola, _, _ = people
    document = json.loads(ola.signs(kari.signs(loosening(home))).document())
    document["change"][field] = value
    altered = parse_change(json.dumps(document).encode(), "change.json")
    assert refused(home, altered) in ("SIGNATURE_INVALID", "CHANGE_OUTDATED", "UNKNOWN_CUSTODIAN")


def test_custodians_cannot_be_shown_another_policy_as_the_present_one(
    home: Home, people: tuple[Custodian, ...]
) -> None:
    import dataclasses

    kari, ola, _, _ = people
    honest = loosening(home)
    lie = SignedChange(dataclasses.replace(honest.change, before="cell_min = 5\n"))
    assert refused(home, ola.signs(kari.signs(lie))) == "CHANGE_OUTDATED"


def test_no_signature_takes_a_number_out_of_its_range(home: Home, people: tuple[Custodian, ...]) -> None:
    with pytest.raises(TypeMismatchError) as caught:
        loosening(home, "cell_min = 1\n")
    assert caught.value.reason == "POLICY_INVALID"


def test_opening_a_bank_is_loosening_it(home: Home, people: tuple[Custodian, ...]) -> None:
    kari, ola, _, _ = people
    change = loosening(home, 'profile = "open"\n')
    assert refused(home, change) == "SIGNATURES_NEEDED"
    apply_change(home, ola.signs(kari.signs(change)))
    assert PolicyBook(home).bank(BANK).policy.profile == "open"


def test_tightening_needs_nobody_and_undoing_it_needs_two(home: Home) -> None:
    apply_change(home, propose(PolicyBook(home), "bank", BANK, "cell_min = 20\n").signed)
    assert PolicyBook(home).bank(BANK).policy.cell_min == 20
    assert refused(home, loosening(home, "cell_min = 15\n")) == "SIGNATURES_NEEDED"
    assert refused(home, loosening(home, "cell_min = 30\nmodel_min = 50\n")) == "SIGNATURES_NEEDED"


def test_every_changed_byte_of_the_file_of_changes_is_noticed(home: Home, people: tuple[Custodian, ...]) -> None:
    kari, ola, _, _ = people
    apply_change(home, ola.signs(kari.signs(loosening(home))))
    path = home.policies / "changes.jsonl"
    good = path.read_bytes()
    last = PolicyBook(home).state().digest
    # a last line without its end is what a crash leaves: it never counted
    for place in range(0, len(good), 7):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        try:
            assert PolicyBook(home).state().digest != last
        except InternalError as error:
            assert error.reason == "POLICY_CHANGES_DAMAGED"  # noqa: PT017 (either is noticed)
    path.write_bytes(good)
    assert PolicyBook(home).state().digest == last


@pytest.mark.parametrize("drop", [0, 1, 2])
def test_a_line_taken_out_is_noticed(home: Home, people: tuple[Custodian, ...], drop: int) -> None:
    kari, ola, _, _ = people
    apply_change(home, ola.signs(kari.signs(loosening(home))))
    path = home.policies / "changes.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:drop] + lines[drop + 1 :]))
    with pytest.raises(InternalError, match="POLICY_CHANGES_DAMAGED"):
        PolicyBook(home).state()


def test_a_torn_last_line_is_mended_by_the_next_change(home: Home) -> None:
    path = home.policies / "changes.jsonl"
    good = path.read_bytes()
    path.write_bytes(good + b'{"change": {"conte')
    assert PolicyBook(home).state().number == 3
    apply_change(home, propose(PolicyBook(home), "bank", BANK, "cell_min = 20\n").signed)
    assert path.read_bytes().startswith(good)
    assert PolicyBook(home).state().number == 4


def test_a_file_on_disk_may_be_tighter_than_signed_and_not_looser(home: Home) -> None:
    book = PolicyBook(home)
    book.make_files((BANK,))
    path = book.bank_folder / f"{BANK}.toml"
    path.write_text("cell_min = 40\n")
    assert book.bank(BANK).policy.cell_min == 40
    path.write_text("cell_min = 9\n")
    with pytest.raises(AccessDeniedError, match="POLICY_UNSIGNED"):
        book.bank(BANK)


@pytest.mark.parametrize("passphrase", [None, b"correct horse"])
def test_a_custodians_key_is_made_once_and_guarded(tmp_path: Path, passphrase: bytes | None) -> None:
    path = tmp_path / "kari.pem"
    make_custodian_key(path, passphrase)
    assert path.stat().st_mode & 0o777 == 0o600
    load_custodian_key(path, passphrase)
    with pytest.raises(TypeMismatchError, match="FILE_EXISTS"):
        make_custodian_key(path, passphrase)
    if passphrase:
        for wrong in (None, b"wrong"):
            with pytest.raises(TypeMismatchError, match="KEY_INVALID"):
                load_custodian_key(path, wrong)
    path.chmod(0o640)
    with pytest.raises(InternalError, match="KEY_PERMISSIONS"):
        load_custodian_key(path, passphrase)


json_values: Callable[[], st.SearchStrategy[object]] = lambda: st.recursive(  # noqa: E731
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["change", "signatures", "format"]), inner),
)


@given(json_values() | st.binary())
@settings(max_examples=150)
def test_whatever_is_no_change_is_refused_with_one_reason(value: object) -> None:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    with pytest.raises(TypeMismatchError) as caught:
        parse_change(content, "change.json")
    assert caught.value.reason == "CHANGE_INVALID"
