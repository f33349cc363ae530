"""Who is which subject of the provider: one each, noted, and gone when taken away."""

import json

import pytest

from grille.server.errors import GrilleError
from grille.server.operations.home import Home
from grille.server.operations.logins import link, subject_of, unlink
from grille.server.operations.registry import Certificate, Registry, Role


@pytest.fixture
def registry(home: Home) -> Registry:
    registry = Registry(home.control)
    registry.add_project("wages", ["no.ssb.fdb"], "standard")
    for user in ("ada", "bo"):
        certificate = Certificate(user.ljust(64, "0"), user, "2026-01-01", "2027-01-01", None)
        registry.add_member(user, "wages", Role.RESEARCHER, certificate, before_commit=lambda: None)
    return registry


def reason(registry: Registry, user: str, subject: str) -> str:
    with pytest.raises(GrilleError) as raised:
        link(registry, user, subject)
    return raised.value.reason


def test_a_subject_is_linked_replaced_and_taken_away_and_each_is_noted(registry: Registry) -> None:
    assert subject_of(registry, "ada") == ""
    link(registry, "ada", "sub-1")
    link(registry, "ada", "sub-2")
    link(registry, "bo", "sub-1")
    assert (subject_of(registry, "ada"), subject_of(registry, "bo")) == ("sub-2", "sub-1")
    unlink(registry, "ada")
    assert subject_of(registry, "ada") == ""
    with pytest.raises(GrilleError, match="NOT_LINKED"):
        unlink(registry, "ada")
    rows = registry.read("SELECT what, subject, detail FROM journal WHERE what LIKE 'login %' ORDER BY number")
    assert [(what, user, json.loads(detail).get("login")) for what, user, detail in rows] == [
        ("login linked", "ada", "sub-1"),
        ("login linked", "ada", "sub-2"),
        ("login linked", "bo", "sub-1"),
        ("login unlinked", "ada", None),
    ]


def test_a_subject_is_one_users_only(registry: Registry) -> None:
    link(registry, "ada", "sub-1")
    assert reason(registry, "bo", "sub-1") == "SUBJECT_TAKEN"
    link(registry, "ada", "sub-1")
    assert subject_of(registry, "bo") == ""


@pytest.mark.parametrize("subject", ["", "x" * 256, "år", "a\nb", "a\x00"])
def test_what_is_no_subject_is_refused(registry: Registry, subject: str) -> None:
    assert reason(registry, "ada", subject) == "SUBJECT_INVALID"


def test_an_unknown_user_has_no_subject(registry: Registry) -> None:
    assert reason(registry, "eve", "sub-1") == "UNKNOWN_USER"
