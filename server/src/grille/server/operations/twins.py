"""Synthetic twins of a home: made from metadata, under keys of their own, with a ledger of their own."""

from __future__ import annotations

import hashlib
import hmac
import subprocess
import sys
import threading
from collections.abc import Mapping

from grille.server.catalog.banks import list_banks, load_metadata
from grille.server.catalog.model import BankMetadata
from grille.server.disclosure.ledger import Ledger
from grille.server.errors import GrilleError, InternalError
from grille.server.operations.home import Home
from grille.server.operations.keys import Keys
from grille.server.operations.secret_files import make_private_folder
from grille.server.text import Text

Banks = Mapping[str, Mapping[int, BankMetadata]]
_BUILD_SECONDS = 600.0


def twin_key(keys: Keys, bank: str) -> str:
    """Return the database key of a bank's twins; no bank can have this name, so no bank has this key."""
    return keys.bank_key(f"twin of {bank}")


def make_twin_of(home: Home, keys: Keys, bank: str, version: int, units: int | None = None) -> BankMetadata:
    """Make the twin of a bank version; only its published metadata are read.

    Raises:
        UnknownNameError: UNKNOWN_BANK_VERSION.
        TypeMismatchError: VERSION_EXISTS, BAD_REGISTER_SIZE.
    """
    from grille.server.catalog.twin.build import UNITS, make_twin

    _folder(home)
    metadata = load_metadata(home.banks, bank, version)
    secret = keys.record_secret(f"twin of {bank}")
    return make_twin(home.twins, metadata, twin_key(keys, bank), secret, units=UNITS if units is None else units)


def twin_ledger_key(keys: Keys) -> bytes:
    """Return the key of the twins' ledger."""
    return hmac.new(keys.ledger, b"grille twins", hashlib.sha256).digest()


def twin_ledger(home: Home, keys: Keys) -> Ledger:
    """Open the ledger of what was released about twins; it shares no key with that of the banks."""
    _folder(home)
    return Ledger(home.twin_ledger, twin_ledger_key(keys))


class Twins:
    """The twins that a running server has; the newest version of a bank gets one when it is first asked for."""

    def __init__(self, home: Home) -> None:
        """Find and make twins in `home`."""
        self._home = home
        self._making = threading.Lock()

    def of(self, banks: Banks) -> Banks:
        """Return the twins of banks, at least of the newest version of each.

        Raises:
            InternalError: TWIN_NOT_MADE.
        """
        found = list_banks(self._home.twins)
        missing = [
            (name, max(versions)) for name, versions in banks.items() if max(versions) not in found.get(name, {})
        ]
        for name, version in missing:
            with self._making:
                self._make(name, version)
        if missing:
            found = list_banks(self._home.twins)
        return {
            name: {number: found[name][number] for number in banks[name] if number in found[name]} for name in banks
        }

    def _make(self, bank: str, version: int) -> None:
        """Make a twin in a process of its own, so that the server does not hold the memory of it."""
        if version in list_banks(self._home.twins).get(bank, {}):
            return
        program = "from grille.server.operations.cli import main; main()"
        arguments = ["bank", "twin", str(self._home.path), "--bank", bank, "--version", str(version)]
        try:
            done = subprocess.run(
                [sys.executable, "-c", program, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_BUILD_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            raise _not_made(bank, version) from None
        if done.returncode != 0 and version not in list_banks(self._home.twins).get(bank, {}):
            raise _not_made(bank, version)


def _folder(home: Home) -> None:
    if not home.twins.is_dir():
        make_private_folder(home.twins)


def _not_made(bank: str, version: int) -> GrilleError:
    return InternalError(
        "TWIN_NOT_MADE",
        Text(
            f"The synthetic twin of {bank} version {version} could not be made.",
            f"Den syntetiske tvillingen til {bank} versjon {version} kunne ikke lages.",
        ),
        hint=Text(
            "Ask the custodian to run: grille-server bank twin HOME --bank BANK --version VERSION",
            "Be forvalteren kjøre: grille-server bank twin HOME --bank BANK --version VERSJON",
        ),
    )
