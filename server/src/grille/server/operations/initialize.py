"""Makes a new home: folders, keys, certificates, registry and settings, all or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from grille.server.errors import InternalError, TypeMismatchError
from grille.server.operations.addresses import parse_host
from grille.server.operations.certificates import issue_server, make_authority
from grille.server.operations.config_template import config_text
from grille.server.operations.home import Home
from grille.server.operations.keys import make_keys
from grille.server.operations.names import parse_name
from grille.server.operations.registry import Registry
from grille.server.operations.secret_files import flush_folder, make_private_folder, write_secret
from grille.server.text import Text


def initialize(path: Path, *, name: str = "grille", hosts: Sequence[str] = ()) -> Home:
    """Make a home at `path`, which must not exist or be an empty folder.

    Args:
        path: Where.
        name: Name of the installation; stands in its certificates.
        hosts: DNS names and addresses by which clients reach the server, besides localhost.

    Returns:
        The home; every file in it has mode 0600, every folder 0700.

    Raises:
        TypeMismatchError: HOME_EXISTS when there is something at `path`; it is not touched.
        TypeMismatchError: NAME_INVALID or HOST_INVALID.
        InternalError: HOME_NOT_MADE when the disk refuses; what had been made is removed.
    """
    parse_name(name, Text("The name", "Navnet"))
    names = tuple(parse_host(host) for host in hosts)
    home = Home(path.absolute())
    had_folder = _claim(home)
    try:
        for folder in home.folders:
            make_private_folder(folder)
        make_keys(home)
        authority = make_authority(name)
        server = issue_server(authority, name, names)
        write_secret(home.ca_certificate, authority.certificate_pem)
        write_secret(home.ca_key, authority.private_key_pem)
        write_secret(home.server_certificate, server.certificate_pem)
        write_secret(home.server_key, server.private_key_pem)
        Registry.create(home.control).close()
        write_secret(home.config, config_text(name).encode())  # last: it says that the home is complete
        flush_folder(home.path.parent)
    except BaseException as error:
        _undo(home, had_folder=had_folder)
        if isinstance(error, OSError):
            raise _not_made(home, error) from None
        raise
    return home


def _claim(home: Home) -> bool:
    """Take `home.path` for our own; return whether it was an empty folder already."""
    try:
        home.path.parent.mkdir(parents=True, exist_ok=True)
        make_private_folder(home.path)
    except FileExistsError:
        if not home.path.is_dir() or any(home.path.iterdir()):
            raise TypeMismatchError(
                "HOME_EXISTS",
                Text(f"{home.path} exists and is not empty.", f"{home.path} finnes og er ikke tom."),
                hint=Text("Nothing was changed. Choose another folder.", "Ingenting er endret. Velg en annen mappe."),
            ) from None
        home.path.chmod(0o700)
        return True
    except OSError as error:
        raise _not_made(home, error) from None
    return False


def _undo(home: Home, *, had_folder: bool) -> None:
    if not had_folder:
        shutil.rmtree(home.path, ignore_errors=True)
        return
    for entry in home.path.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _not_made(home: Home, error: OSError) -> InternalError:
    why = error.strerror or type(error).__name__
    return InternalError(
        "HOME_NOT_MADE",
        Text(f"The home {home.path} could not be made: {why}.", f"Hjemmet {home.path} kunne ikke lages: {why}."),
        hint=Text("Nothing was left behind.", "Ingenting er etterlatt."),
    )
