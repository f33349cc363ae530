import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from grille.server.errors import AccessDeniedError, GrilleError
from grille.server.operations.home import Home
from grille.server.operations.registry import Certificate, Membership, Registry, Role


@pytest.fixture
def registry(home: Home) -> Iterator[Registry]:
    opened = Registry(home.control)
    opened.add_project("wages", ["no.b", "no.a", "no.a"], "standard")
    yield opened
    opened.close()


def certificate(user: str, mark: str) -> Certificate:
    return Certificate(mark * 64, user, "2026-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00", None)


def add(registry: Registry, user: str, mark: str, project: str = "wages", role: Role = Role.RESEARCHER) -> None:
    registry.add_member(user, project, role, certificate(user, mark), before_commit=lambda: None)


def test_a_project_has_its_banks_and_policy(registry: Registry) -> None:
    project = registry.project("wages")
    assert (project.banks, project.policy) == (("no.a", "no.b"), "standard")
    assert registry.projects() == (project,)


def test_a_project_is_added_once_and_has_a_bank(registry: Registry) -> None:
    with pytest.raises(GrilleError, match="PROJECT_EXISTS"):
        registry.add_project("wages", ["no.a"], "strict")
    with pytest.raises(GrilleError, match="BANK_MISSING"):
        registry.add_project("empty", [], "strict")
    assert [project.policy for project in registry.projects()] == ["standard"]


def test_an_unknown_project_is_told(registry: Registry) -> None:
    with pytest.raises(GrilleError, match="UNKNOWN_PROJECT"):
        registry.project("other")
    with pytest.raises(GrilleError, match="UNKNOWN_PROJECT"):
        add(registry, "kari", "a", project="other")
    assert registry.users() == ()


def test_a_user_may_have_several_projects_with_one_role_each(registry: Registry) -> None:
    registry.add_project("health", ["no.a"], "strict")
    add(registry, "kari", "a")
    add(registry, "kari", "b", "health", Role.AUDITOR)
    assert registry.memberships("kari") == (
        Membership("kari", "health", Role.AUDITOR, ("no.a",)),
        Membership("kari", "wages", Role.RESEARCHER, ("no.a", "no.b")),
    )
    with pytest.raises(GrilleError, match="ROLE_CONFLICT"):
        add(registry, "kari", "c", "health", Role.RESEARCHER)
    assert [one.thumbprint[0] for one in registry.certificates("kari")] == ["a", "b"]
    assert registry.memberships("nobody") == ()


def test_nothing_is_recorded_when_the_bundle_cannot_be_written(registry: Registry) -> None:
    def fail() -> None:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        registry.add_member("kari", "wages", Role.RESEARCHER, certificate("kari", "a"), before_commit=fail)
    assert registry.users() == ()
    assert registry.memberships("kari") == ()
    add(registry, "kari", "a")


def test_only_certificates_issued_to_the_user_are_accepted(registry: Registry) -> None:
    add(registry, "kari", "a")
    add(registry, "ola", "b")
    assert [one.project for one in registry.authenticate("kari", "a" * 64)] == ["wages"]
    for user, thumbprint in (("kari", "b" * 64), ("kari", "c" * 64), ("eva", "a" * 64)):
        with pytest.raises(AccessDeniedError, match="CERTIFICATE_UNKNOWN"):
            registry.authenticate(user, thumbprint)


def test_a_revoked_certificate_is_refused_and_a_new_one_accepted(registry: Registry, home: Home) -> None:
    add(registry, "kari", "a")
    administrator = Registry(home.control)  # another process, as it were
    assert administrator.revoke("kari") == 1
    with pytest.raises(AccessDeniedError, match="CERTIFICATE_REVOKED"):
        registry.authenticate("kari", "a" * 64)
    add(administrator, "kari", "b")
    administrator.close()
    assert registry.authenticate("kari", "b" * 64)
    with pytest.raises(GrilleError, match="UNKNOWN_USER"):
        registry.revoke("nobody")


def test_a_removed_member_has_no_membership(registry: Registry) -> None:
    add(registry, "kari", "a")
    registry.remove_member("kari", "wages")
    assert registry.authenticate("kari", "a" * 64) == ()
    with pytest.raises(GrilleError, match="UNKNOWN_MEMBER"):
        registry.remove_member("kari", "wages")


def test_many_threads_may_ask_while_another_process_writes(registry: Registry, home: Home) -> None:
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            for _ in range(100):
                assert registry.project("wages").name == "wages"
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    writer = Registry(home.control)
    for number in range(20):
        writer.add_project(f"p{number}", ["no.a"], "standard")
    writer.close()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(registry.projects()) == 21


def test_a_registry_that_is_missing_damaged_or_of_another_version_is_told(tmp_path: Path, home: Home) -> None:
    with pytest.raises(GrilleError, match="REGISTRY_UNAVAILABLE"):
        Registry(tmp_path / "missing.sqlite")
    assert not (tmp_path / "missing.sqlite").exists()
    (tmp_path / "noise.sqlite").write_bytes(b"noise" * 1000)
    with pytest.raises(GrilleError, match="REGISTRY_UNAVAILABLE"):
        Registry(tmp_path / "noise.sqlite")
    connection = sqlite3.connect(home.control)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(GrilleError, match="another version"):
        Registry(home.control)
