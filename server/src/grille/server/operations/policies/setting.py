"""Changing policies: tightening counts at once, loosening a bank's becomes a document to be signed and then applied."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grille.server.disclosure.policy import Policy
from grille.server.disclosure.policy_file import parse_policy, written
from grille.server.errors import AccessDeniedError, GrilleError, UnknownNameError
from grille.server.operations.home import Home
from grille.server.operations.policies.book import PROFILES, PolicyBook, heading
from grille.server.operations.policies.changes import Change, Kind, SignedChange
from grille.server.operations.policies.state import State, outdated, public_key
from grille.server.operations.registry import Project, Registry
from grille.server.operations.secret_files import replace_secret
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that was asked for.

    Attributes:
        signed: The change.
        needed: How many signatures of enrolled custodians it still needs; with none it has been put in.
        looser: Keys in which it loosens a bank's policy.
        tightened: Projects whose policies were tightened along with their bank's.
    """

    signed: SignedChange
    needed: int
    looser: tuple[str, ...] = ()
    tightened: tuple[str, ...] = ()


def read_policy(source: str, heading_text: str) -> tuple[Policy, bytes]:
    """Return a policy and its TOML text; `source` is a profile or the path of a file.

    Raises:
        UnknownNameError: UNKNOWN_POLICY.
        TypeMismatchError: POLICY_INVALID.
    """
    if source in PROFILES:
        policy = Policy.named(source)
        return policy, written(policy, heading_text).encode()
    path = Path(source)
    if not path.is_file():
        raise UnknownNameError(
            "UNKNOWN_POLICY",
            Text(
                f"{path} is neither a profile nor a policy file.", f"{path} er verken en profil eller en regelsettfil."
            ),
            hint=Text(f"Profiles: {', '.join(PROFILES)}.", f"Profiler: {', '.join(PROFILES)}."),
        )
    content = path.read_bytes()
    return parse_policy(content, path.name, may_loosen_profile=True), content


def propose(book: PolicyBook, kind: Kind, subject: str, content: str) -> Proposal:
    """Return the change that would do this now, unsigned, and what it needs."""
    with book.chain.changing():
        state = book.chain.begin()
        before = written(state.approved(subject).policy, heading(subject)) if kind == "bank" else ""
        change = Change(state.number + 1, state.digest, kind, subject, content, before)
        looser = state.loosened(change) if kind == "bank" else ()
        return Proposal(SignedChange(change), state.signatures_needed(change), looser)


def apply_change(home: Home, signed: SignedChange) -> Proposal:
    """Put in a change that has the signatures that it needs; a bank's file and its projects follow.

    Raises:
        GrilleError: See State.after; nothing is changed then.
    """
    book = PolicyBook(home)
    with book.chain.changing():
        before = book.state()
        if (signed.change.number, signed.change.previous) != (before.number + 1, before.digest):
            raise outdated()
        looser = before.loosened(signed.change) if signed.change.kind == "bank" else ()
        if signed.change.kind == "bank" and signed.change.before != _before(before, signed.change.subject):
            raise AccessDeniedError(
                "CHANGE_OUTDATED",
                Text("The change names another policy as the present one.", "Endringen oppgir andre regler som de nå."),
            )
        book.chain.append(signed)
        if signed.change.kind != "bank":
            return Proposal(signed, 0)
        bank = signed.change.subject
        book.make_files(())
        replace_secret(book.bank_folder / f"{bank}.toml", signed.change.content.encode())
        return Proposal(signed, 0, looser, _follow(home, book, bank))


def set_bank_policy(home: Home, bank: str, source: str) -> Proposal:
    """Change a bank's policy at once when that tightens it; otherwise return what is to be signed.

    Raises:
        UnknownNameError: UNKNOWN_BANK, UNKNOWN_POLICY.
        TypeMismatchError: POLICY_INVALID.
    """
    from grille.server.operations.projects import check_banks

    check_banks(home, (bank,))
    _, content = read_policy(source, heading(bank))
    proposal = propose(PolicyBook(home), "bank", bank, content.decode())
    return proposal if proposal.needed else apply_change(home, proposal.signed)


def set_project_policy(home: Home, name: str, source: str) -> Project:
    """Give a project another policy, which must not be looser than that of its banks.

    Raises:
        UnknownNameError: UNKNOWN_PROJECT, UNKNOWN_POLICY.
        AccessDeniedError: POLICY_LOOSER.
        TypeMismatchError: POLICY_INVALID.
    """
    registry = Registry(home.control)
    try:
        project = registry.project(name)
        policy, content = read_policy(source, project_heading(name))
        PolicyBook(home).check(policy, project.banks)
        if source in PROFILES:
            registry.set_policy(name, source)
        else:
            _store(home, registry, name, content)
        return registry.project(name)
    finally:
        registry.close()


def custodian_change(book: PolicyBook, kind: Kind, name: str, public_pem: str = "") -> Proposal:
    """Return the change that enrols or retires a custodian, unsigned.

    Raises:
        TypeMismatchError: KEY_INVALID.
    """
    if kind == "enrol":
        public_key(public_pem)
    return propose(book, kind, name, public_pem)


def project_heading(name: str) -> str:
    """Return the comment at the top of a project's file."""
    return f"Policy of the project {name}. It may not be looser than those of its banks."


def _before(state: State, bank: str) -> str:
    return written(state.approved(bank).policy, heading(bank))


def _follow(home: Home, book: PolicyBook, bank: str) -> tuple[str, ...]:
    """Tighten the projects that the bank's new policy would stop; returns their names."""
    registry = Registry(home.control)
    moved = []
    try:
        for project in registry.projects():
            if bank not in project.banks or not _is_stopped(book, project):
                continue
            own = _own_policy(home, project)
            if own is None:
                continue  # its file is at fault, which its next command will tell
            text = written(own.joined(book.limit(project.banks)), project_heading(project.name))
            _store(home, registry, project.name, text.encode())
            moved.append(project.name)
    finally:
        registry.close()
    return tuple(moved)


def _is_stopped(book: PolicyBook, project: Project) -> bool:
    try:
        book.project(project)
    except AccessDeniedError as error:
        return error.reason == "POLICY_LOOSER"
    except GrilleError:
        return False
    return False


def _own_policy(home: Home, project: Project) -> Policy | None:
    if project.policy in PROFILES:
        return Policy.named(project.policy)
    try:
        return parse_policy((home.policies / project.policy).read_bytes(), project.policy, may_loosen_profile=True)
    except (GrilleError, OSError):
        return None


def _store(home: Home, registry: Registry, name: str, content: bytes) -> None:
    copy = home.policies / f"{name}.toml"
    registry.set_policy(name, copy.name, before_commit=lambda: replace_secret(copy, content))
