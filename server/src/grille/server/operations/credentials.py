"""Credential bundles: one JSON file with everything that a client needs to connect as a user."""

from __future__ import annotations

import datetime
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from grille.server.errors import InternalError, TypeMismatchError, UnknownNameError
from grille.server.operations.addresses import parse_address
from grille.server.operations.certificates import Identity, covers_name, issue_user, thumbprint
from grille.server.operations.config import load_config
from grille.server.operations.home import Home
from grille.server.operations.names import parse_name
from grille.server.operations.registry import Certificate, Registry, Role
from grille.server.operations.secret_files import read_secret, write_secret
from grille.server.text import Text

FORMAT = "grille-credentials-1"
MAX_DAYS = 1100


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """The content of a bundle; never printed.

    Attributes:
        format: grille-credentials-1.
        server: Address of the server, host:port.
        server_name: Name to expect in the server's certificate.
        user: User name.
        project: Project that the bundle was issued for.
        role: Role in it.
        certificate: Client certificate, PEM.
        private_key: Its private key, PKCS 8 PEM.
        ca: Certificate of the authority that signed the server's certificate, PEM.
        expires: When the certificate expires, ISO 8601 UTC.
        audit_key: Public key of the audit log, PEM, with which receipts are verified.
    """

    format: str
    server: str
    server_name: str
    user: str
    project: str
    role: str
    certificate: str
    private_key: str
    ca: str
    expires: str
    audit_key: str

    def to_json(self) -> str:
        """Return the bundle as an indented JSON document."""
        return json.dumps(asdict(self), indent=2) + "\n"


def issue_credentials(
    home: Home,
    user: str,
    project: str,
    role: Role,
    out: Path,
    *,
    days: int = 365,
    server: str | None = None,
    grants_all: bool = True,
) -> Credentials:
    """Issue a client certificate for a user of a project, record it and write the bundle to `out`.

    Args:
        home: Home of the server.
        user: User name; a new user is added.
        project: Existing project.
        role: Role there.
        out: New file, mode 0600.
        days: Validity of the certificate.
        server: Address in the bundle; default the configured one.
        grants_all: Whether a new researcher is granted everything that the project has.

    Returns:
        What was written.

    Raises:
        TypeMismatchError: NAME_INVALID, ADDRESS_INVALID, DAYS_INVALID, ROLE_CONFLICT; FILE_EXISTS when `out` exists.
        UnknownNameError: UNKNOWN_PROJECT; PATH_NOT_FOUND when the folder of `out` does not exist.
        InternalError: KEYS_MISSING and its kin; FILE_NOT_WRITTEN when the disk refuses.
    """
    parse_name(user, Text("The user name", "Brukernavnet"))
    address = parse_address(server or load_config(home.config).server.listen)
    if not 1 <= days <= MAX_DAYS:
        raise TypeMismatchError(
            "DAYS_INVALID",
            Text(f"Validity is 1 to {MAX_DAYS} days.", f"Gyldigheten er 1 til {MAX_DAYS} dager."),
        )
    authority = load_authority(home)
    server_certificate = load_server_identity(home).certificate
    identity = issue_user(authority, user, days)
    issued = datetime.datetime.now(datetime.UTC)
    expires = identity.certificate.not_valid_after_utc
    credentials = Credentials(
        format=FORMAT,
        server=str(address),
        server_name=address.host if covers_name(server_certificate, address.host) else "localhost",
        user=user,
        project=project,
        role=role.value,
        certificate=identity.certificate_pem.decode("ascii"),
        private_key=identity.private_key_pem.decode("ascii"),
        ca=authority.certificate_pem.decode("ascii"),
        expires=_iso(expires),
        audit_key=read_secret(home.audit_public_key).decode("ascii"),
    )
    record = Certificate(thumbprint(identity.certificate), user, _iso(issued), _iso(expires), None)
    registry = Registry(home.control)
    try:
        registry.add_member(
            user, project, role, record, before_commit=lambda: _write(out, credentials), grants_all=grants_all
        )
    finally:
        registry.close()
    return credentials


def renew_credentials(
    home: Home,
    user: str,
    project: str | None,
    out: Path,
    *,
    days: int = 365,
    server: str | None = None,
    keep_old: bool = False,
) -> tuple[Credentials, int]:
    """Issue new credentials for a member, and revoke the older certificates unless they are to be kept.

    Args:
        home: Home of the server.
        user: User name.
        project: Project of the bundle; None when the user is a member of only one.
        out: New file, mode 0600.
        days: Validity of the certificate.
        server: Address in the bundle; default the configured one.
        keep_old: Whether older certificates stay valid until they expire.

    Returns:
        What was written, and how many certificates were revoked.

    Raises:
        UnknownNameError: UNKNOWN_MEMBER, PROJECT_NEEDED; and as `issue_credentials`.
    """
    registry = Registry(home.control)
    try:
        mine = [one for one in registry.memberships(user) if project in (None, one.project) and not one.ended]
        if len(mine) != 1:
            raise _no_one_place(user, [one.project for one in mine])
        older = [one for one in registry.certificates(user) if one.revoked is None]
        made = issue_credentials(home, user, mine[0].project, mine[0].role, out, days=days, server=server)
        if not keep_old:
            for one in older:
                registry.revoke_certificate(one.thumbprint)
    finally:
        registry.close()
    return made, 0 if keep_old else len(older)


def _no_one_place(user: str, projects: list[str]) -> UnknownNameError:
    if not projects:
        return UnknownNameError(
            "UNKNOWN_MEMBER",
            Text(f"{user} is a member of no such project.", f"{user} er ikke medlem av noe slikt prosjekt."),
        )
    names = ", ".join(projects)
    return UnknownNameError(
        "PROJECT_NEEDED",
        Text(f"{user} is in several projects: {names}.", f"{user} er med i flere prosjekter: {names}."),
        hint=Text("Choose one with --project.", "Velg ett med --project."),
    )


def load_authority(home: Home) -> Identity:
    """Return the local certificate authority.

    Raises:
        InternalError: KEYS_MISSING, KEY_PERMISSIONS, KEYS_DAMAGED.
    """
    return _load(home.ca_certificate, home.ca_key)


def load_server_identity(home: Home) -> Identity:
    """Return the server's certificate and key.

    Raises:
        InternalError: KEYS_MISSING, KEY_PERMISSIONS, KEYS_DAMAGED.
    """
    return _load(home.server_certificate, home.server_key)


def _load(certificate: Path, key: Path) -> Identity:
    try:
        return Identity.from_pem(read_secret(certificate), read_secret(key))
    except (ValueError, TypeError):
        raise InternalError(
            "KEYS_DAMAGED",
            Text(
                f"{certificate} or {key} does not hold a certificate and its key.",
                f"{certificate} eller {key} inneholder ikke et sertifikat og dets nøkkel.",
            ),
            hint=Text("Restore them from your backup.", "Hent dem tilbake fra sikkerhetskopien."),
        ) from None


def _write(out: Path, credentials: Credentials) -> None:
    try:
        write_secret(out, credentials.to_json().encode())
    except FileExistsError:
        raise TypeMismatchError(
            "FILE_EXISTS",
            Text(f"{out} exists already.", f"{out} finnes allerede."),
            hint=Text("Nothing was changed. Choose another --out.", "Ingenting er endret. Velg en annen --out."),
        ) from None
    except FileNotFoundError:
        raise UnknownNameError(
            "PATH_NOT_FOUND", Text(f"There is no folder {out.parent}.", f"Det finnes ingen mappe {out.parent}.")
        ) from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InternalError(
            "FILE_NOT_WRITTEN", Text(f"{out} cannot be written: {why}.", f"{out} kan ikke skrives: {why}.")
        ) from None


def _iso(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat(timespec="seconds")
