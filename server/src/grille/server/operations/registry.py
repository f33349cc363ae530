"""Projects, users, memberships and issued certificates: who may do what."""

from __future__ import annotations

import datetime
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grille.server.errors import AccessDeniedError, GrilleError, TypeMismatchError, UnknownNameError
from grille.server.operations.journal import note
from grille.server.operations.registry_model import Certificate as Certificate
from grille.server.operations.registry_model import Membership as Membership
from grille.server.operations.registry_model import Project as Project
from grille.server.operations.registry_model import Role as Role
from grille.server.operations.registry_schema import connect, create_tables, unavailable
from grille.server.operations.secret_files import write_secret
from grille.server.text import Text


class Registry:
    """The control file. Safe for many threads; other processes may change it at any time and are seen at once."""

    def __init__(self, path: Path) -> None:
        """Open the control file at `path`.

        Raises:
            InternalError: REGISTRY_UNAVAILABLE.
        """
        self._path = path
        self._lock = threading.Lock()
        self._connection = connect(path)

    @classmethod
    def create(cls, path: Path) -> Registry:
        """Make an empty control file, mode 0600.

        Raises:
            FileExistsError: `path` exists.
        """
        write_secret(path, b"")
        create_tables(path)
        return cls(path)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def add_project(
        self, name: str, banks: Sequence[str], policy: str, *, before_commit: Callable[[], None] = lambda: None
    ) -> Project:
        """Add a project.

        Args:
            name: Project name.
            banks: Banks that it may use; at least one.
            policy: Profile name, or name of a file in the home's policies folder.
            before_commit: Called when all is valid; nothing is recorded when it raises.

        Raises:
            TypeMismatchError: PROJECT_EXISTS; BANK_MISSING when `banks` is empty.
        """
        if not banks:
            raise TypeMismatchError(
                "BANK_MISSING", Text("A project has at least one bank.", "Et prosjekt har en bank.")
            )
        with self.change() as change:
            if change.execute("SELECT 1 FROM projects WHERE name = ?", (name,)).fetchone():
                raise TypeMismatchError(
                    "PROJECT_EXISTS",
                    Text(f"The project {name} exists already.", f"Prosjektet {name} finnes allerede."),
                )
            change.execute("INSERT INTO projects (name, policy, created) VALUES (?, ?, ?)", (name, policy, _now()))
            pairs = [(name, bank) for bank in sorted(set(banks))]
            change.executemany("INSERT INTO project_banks VALUES (?, ?)", pairs)
            note(change, "project added", name, "", banks=", ".join(sorted(set(banks))), policy=policy)
            before_commit()
        return self.project(name)

    def end_project(self, name: str) -> Project:
        """End a project: nobody may work in it any more; what was recorded stays.

        Raises:
            UnknownNameError: UNKNOWN_PROJECT.
            TypeMismatchError: PROJECT_ENDED.
        """
        if self.project(name).ended is not None:
            raise TypeMismatchError(
                "PROJECT_ENDED", Text(f"The project {name} has ended already.", f"Prosjektet {name} er avsluttet.")
            )
        with self.change() as change:
            change.execute("UPDATE projects SET ended = ? WHERE name = ? AND ended IS NULL", (_now(), name))
            note(change, "project ended", name, "")
        return self.project(name)

    def set_policy(self, name: str, policy: str, *, before_commit: Callable[[], None] = lambda: None) -> None:
        """Give a project another policy: a profile name, or the name of a file in the home's policies folder.

        Nothing is recorded when `before_commit` raises.

        Raises:
            UnknownNameError: UNKNOWN_PROJECT.
        """
        self.project(name)
        with self.change() as change:
            change.execute("UPDATE projects SET policy = ? WHERE name = ?", (policy, name))
            before_commit()

    def project(self, name: str) -> Project:
        """Return a project.

        Raises:
            UnknownNameError: UNKNOWN_PROJECT.
        """
        found = self.read("SELECT name, policy, created, ended FROM projects WHERE name = ?", (name,))
        if not found:
            raise UnknownNameError(
                "UNKNOWN_PROJECT",
                Text(f"There is no project {name}.", f"Det finnes ikke noe prosjekt {name}."),
                hint=Text("See: grille-server project list", "Se: grille-server project list"),
            )
        _, policy, created, ended = found[0]
        return Project(name, self._banks(name), policy, created, ended)

    def projects(self) -> tuple[Project, ...]:
        """Return all projects by name."""
        rows = self.read("SELECT name, policy, created, ended FROM projects ORDER BY name")
        return tuple(Project(name, self._banks(name), policy, created, ended) for name, policy, created, ended in rows)

    def add_member(
        self,
        user: str,
        project: str,
        role: Role,
        certificate: Certificate,
        *,
        before_commit: Callable[[], None],
        grants_all: bool = True,
    ) -> None:
        """Record a certificate of a user in a project; a new user and a new membership are added on the way.

        Args:
            user: User name.
            project: Project name.
            role: Role; the one the user has there already, if any.
            certificate: The newly issued certificate.
            before_commit: Called when all is valid; nothing is recorded when it raises.
            grants_all: Whether a new researcher is granted everything that the project has, for as long as it lasts.

        Raises:
            UnknownNameError: UNKNOWN_PROJECT.
            TypeMismatchError: PROJECT_ENDED; ROLE_CONFLICT when the user has another role in the project.
        """
        if self.project(project).ended is not None:
            raise TypeMismatchError(
                "PROJECT_ENDED", Text(f"The project {project} has ended.", f"Prosjektet {project} er avsluttet.")
            )
        with self.change() as change:
            change.execute("INSERT INTO users VALUES (?, ?) ON CONFLICT DO NOTHING", (user, _now()))
            held = change.execute(
                "SELECT role FROM memberships WHERE user = ? AND project = ?", (user, project)
            ).fetchone()
            if held and held[0] != role:
                raise TypeMismatchError(
                    "ROLE_CONFLICT",
                    Text(f"{user} is {held[0]} of {project} already.", f"{user} er allerede {held[0]} i {project}."),
                    hint=Text(
                        f"One role for each project. First: grille-server user remove HOME {user} --project {project}",
                        f"Én rolle per prosjekt. Først: grille-server user remove HOME {user} --project {project}",
                    ),
                )
            if not held:
                change.execute("INSERT INTO memberships VALUES (?, ?, ?, ?)", (user, project, role, _now()))
                if role == Role.RESEARCHER and grants_all:
                    change.execute(
                        "INSERT INTO grants (user, project, banks, variables, commands, created)"
                        """ VALUES (?, ?, '["*"]', '["*"]', '["*"]', ?)""",
                        (user, project, _now()),
                    )
            change.execute(
                "INSERT INTO certificates VALUES (?, ?, ?, ?, NULL)",
                (certificate.thumbprint, user, certificate.issued, certificate.expires),
            )
            facts = {"role": str(role), "certificate": certificate.thumbprint, "expires": certificate.expires}
            note(change, "credentials issued" if held else "member added", project, user, **facts)
            before_commit()

    def remove_member(self, user: str, project: str) -> None:
        """End a membership; the user's certificates stay valid for other projects.

        Raises:
            UnknownNameError: UNKNOWN_MEMBER.
        """
        with self.change() as change:
            ended = change.execute("DELETE FROM memberships WHERE user = ? AND project = ?", (user, project)).rowcount
            if ended == 0:
                raise _unknown_member(user, project)
            note(change, "member removed", project, user)

    def revoke(self, user: str) -> int:
        """Revoke every certificate of a user and return how many were still valid.

        Raises:
            UnknownNameError: UNKNOWN_USER.
        """
        with self.change() as change:
            if not change.execute("SELECT 1 FROM users WHERE name = ?", (user,)).fetchone():
                raise UnknownNameError(
                    "UNKNOWN_USER", Text(f"There is no user {user}.", f"Det finnes ingen bruker {user}.")
                )
            count = change.execute(
                "UPDATE certificates SET revoked = ? WHERE user = ? AND revoked IS NULL", (_now(), user)
            ).rowcount
            note(change, "certificates revoked", "", user, count=str(count))
            return count

    def revoke_certificate(self, thumbprint: str) -> str:
        """Revoke one certificate and return whose it was.

        Args:
            thumbprint: Its thumbprint, or at least eight characters from its beginning.

        Raises:
            UnknownNameError: UNKNOWN_CERTIFICATE when there is not exactly one such certificate in force.
        """
        with self.change() as change:
            found = change.execute(
                "SELECT thumbprint, user FROM certificates WHERE substr(thumbprint, 1, ?) = ? AND revoked IS NULL",
                (max(len(thumbprint), 8), thumbprint),
            ).fetchall()
            if len(found) != 1:
                raise UnknownNameError(
                    "UNKNOWN_CERTIFICATE",
                    Text(f"There is no one certificate {thumbprint}.", f"Det finnes ikke ett sertifikat {thumbprint}."),
                    hint=Text("See: grille-server user certificate list", "Se: grille-server user certificate list"),
                )
            ((whole, user),) = found
            change.execute("UPDATE certificates SET revoked = ? WHERE thumbprint = ?", (_now(), whole))
            note(change, "certificate revoked", "", user, certificate=whole)
        return str(user)

    def users(self) -> tuple[str, ...]:
        """Return the names of all users."""
        return tuple(name for (name,) in self.read("SELECT name FROM users ORDER BY name"))

    def memberships(self, user: str) -> tuple[Membership, ...]:
        """Return the memberships of a user by project; empty for an unknown user."""
        rows = self.read(
            "SELECT project, role, ended IS NOT NULL FROM memberships JOIN projects ON name = project"
            " WHERE user = ? ORDER BY project",
            (user,),
        )
        return tuple(
            Membership(user, project, Role(role), self._banks(project), bool(ended)) for project, role, ended in rows
        )

    def certificates(self, user: str) -> tuple[Certificate, ...]:
        """Return the certificates issued to a user, oldest first."""
        rows = self.read(
            "SELECT thumbprint, user, issued, expires, revoked FROM certificates WHERE user = ? ORDER BY issued",
            (user,),
        )
        return tuple(Certificate(*row) for row in rows)

    def authenticate(self, user: str, thumbprint: str) -> tuple[Membership, ...]:
        """Return the memberships of the caller with this certificate.

        Raises:
            AccessDeniedError: CERTIFICATE_UNKNOWN when this registry did not issue it to `user`; CERTIFICATE_REVOKED.
        """
        found = self.read("SELECT user, revoked FROM certificates WHERE thumbprint = ?", (thumbprint,))
        if not found or found[0][0] != user:
            raise AccessDeniedError(
                "CERTIFICATE_UNKNOWN",
                Text("This server did not issue your certificate.", "Denne tjeneren har ikke utstedt sertifikatet."),
                hint=Text("Ask the custodian for credentials.", "Be forvalteren om legitimasjon."),
            )
        if found[0][1] is not None:
            raise AccessDeniedError(
                "CERTIFICATE_REVOKED",
                Text("Your certificate has been revoked.", "Sertifikatet ditt er trukket tilbake."),
                hint=Text("Ask the custodian for new credentials.", "Be forvalteren om ny legitimasjon."),
            )
        return self.memberships(user)

    def _banks(self, project: str) -> tuple[str, ...]:
        rows = self.read("SELECT bank FROM project_banks WHERE project = ? ORDER BY bank", (project,))
        return tuple(bank for (bank,) in rows)

    def now(self) -> str:
        """Return the time as the control file keeps it, ISO 8601 UTC."""
        return _now()

    def read(self, sql: str, parameters: Sequence[str | int | None] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query with bound parameters; raises InternalError REGISTRY_UNAVAILABLE."""
        with self._lock:
            try:
                return self._connection.execute(sql, parameters).fetchall()
            except sqlite3.Error as error:
                raise unavailable(self._path, error) from None

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Run one transaction that takes the write lock at once; anything raised inside undoes it."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise unavailable(self._path, error) from None


def _unknown_member(user: str, project: str) -> GrilleError:
    return UnknownNameError(
        "UNKNOWN_MEMBER",
        Text(f"{user} is no member of {project}.", f"{user} er ikke medlem av {project}."),
    )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
