"""The home of a server: one folder with its configuration, keys, banks, sessions and logs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grille.server.errors import UnknownNameError
from grille.server.text import Text


@dataclass(frozen=True, slots=True)
class Home:
    """Paths of a home; making one touches no file.

    Attributes:
        path: The folder.
    """

    path: Path

    @classmethod
    def existing(cls, path: Path) -> Home:
        """Return the home at `path`.

        Raises:
            UnknownNameError: HOME_NOT_FOUND when no finished `grille-server init` made it.
        """
        home = cls(path.absolute())
        if not home.config.is_file():
            raise UnknownNameError(
                "HOME_NOT_FOUND",
                Text(f"There is no grille home at {home.path}.", f"Det finnes ikke noe grille-hjem i {home.path}."),
                hint=Text(f"Make one with: grille-server init {path}", f"Lag et med: grille-server init {path}"),
            )
        return home

    @property
    def config(self) -> Path:
        """Settings, TOML; written last by init, so its presence says that the home is complete."""
        return self.path / "config.toml"

    @property
    def keys(self) -> Path:
        """Folder of the secret keys."""
        return self.path / "keys"

    @property
    def record_key(self) -> Path:
        """Root secret of record keys and set sketches."""
        return self.keys / "record-key.secret"

    @property
    def database_key(self) -> Path:
        """Root key of the encrypted bank and session files."""
        return self.keys / "database.key"

    @property
    def ledger_key(self) -> Path:
        """Key of the differencing ledger."""
        return self.keys / "ledger.key"

    @property
    def audit_signing_key(self) -> Path:
        """Ed25519 private key that signs the audit log's checkpoints, PKCS 8 PEM."""
        return self.keys / "audit-signing.pem"

    @property
    def audit_public_key(self) -> Path:
        """Ed25519 public key with which anyone verifies the audit log, PEM."""
        return self.keys / "audit-signing.pub"

    @property
    def tls(self) -> Path:
        """Folder of the local certificate authority and the server's certificate."""
        return self.path / "tls"

    @property
    def ca_certificate(self) -> Path:
        """Certificate of the local authority, PEM."""
        return self.tls / "ca.pem"

    @property
    def ca_key(self) -> Path:
        """Private key of the local authority, PKCS 8 PEM; the running server does not read it."""
        return self.tls / "ca.key"

    @property
    def server_certificate(self) -> Path:
        """Certificate of the server, PEM."""
        return self.tls / "server.pem"

    @property
    def server_key(self) -> Path:
        """Private key of the server's certificate, PKCS 8 PEM."""
        return self.tls / "server.key"

    @property
    def banks(self) -> Path:
        """Folder of the data banks: <bank>/<version>/."""
        return self.path / "banks"

    @property
    def sessions(self) -> Path:
        """Folder of the encrypted session files."""
        return self.path / "sessions"

    @property
    def policies(self) -> Path:
        """Folder of policies: <project>.toml, banks/<bank>.toml, and the signed changes of banks' policies."""
        return self.path / "policies"

    @property
    def twins(self) -> Path:
        """Folder of the synthetic twins of bank versions, <bank>/<version>/, and of their ledger."""
        return self.path / "twins"

    @property
    def audit(self) -> Path:
        """Folder of the audit log."""
        return self.path / "audit"

    @property
    def control(self) -> Path:
        """SQLite file of projects, users and certificates."""
        return self.path / "control.sqlite"

    @property
    def open_sessions(self) -> Path:
        """SQLite file of the sessions that are open, so that they outlive the server."""
        return self.path / "sessions.sqlite"

    @property
    def usage(self) -> Path:
        """SQLite file of quotas and what was used of them."""
        return self.path / "usage.sqlite"

    @property
    def ledger(self) -> Path:
        """SQLite file of the differencing ledger."""
        return self.path / "ledger.sqlite"

    @property
    def twin_ledger(self) -> Path:
        """SQLite file of the ledger of what was released about twins."""
        return self.twins / "ledger.sqlite"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder below the home that init makes."""
        return (self.keys, self.tls, self.banks, self.sessions, self.policies, self.audit)
