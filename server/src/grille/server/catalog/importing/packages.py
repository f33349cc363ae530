"""Opens packages NAME.tar, in which microdata-tools has encrypted the data of a data set."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

from microdata_tools import unpackage_dataset
from microdata_tools.packaging.exceptions import UnpackagingError

from grille.server.catalog.importing.folder import Files
from grille.server.catalog.importing.problems import Problems
from grille.server.catalog.importing.quiet import quiet
from grille.server.errors import UnknownNameError
from grille.server.text import Text

KEY_FILE = "microdata_private_key.pem"

_CHUNK = re.compile(r"chunks/[1-9][0-9]*\.csv\.encr\Z")


def unpack(
    packages: tuple[Path, ...], private_key: Path | None, scratch: Path, problems: Problems
) -> tuple[Files, ...]:
    """Return the data sets of packages, decrypted into a folder of their own.

    Args:
        packages: Files NAME.tar.
        private_key: Folder with microdata_private_key.pem.
        scratch: Folder of the server's own, removed after the import: what is in it is not encrypted.
        problems: Told which packages cannot be opened.

    Raises:
        UnknownNameError: PRIVATE_KEY_MISSING.
    """
    if not packages:
        return ()
    if private_key is None or not (private_key / KEY_FILE).is_file():
        raise UnknownNameError(
            "PRIVATE_KEY_MISSING",
            Text(
                f"There are packages, and no {KEY_FILE} to open them with.",
                f"Det er pakker her, og ingen {KEY_FILE} å åpne dem med.",
            ),
            hint=Text("Name its folder with --private-key.", "Oppgi mappen med --private-key."),
        )
    opened = scratch / "opened"
    opened.mkdir(mode=0o700)
    for package in packages:
        # it unpacks beside the package: a link keeps that out of the custodian's folder
        link = scratch / package.name
        link.symlink_to(package.absolute())
        if not _is_plain(link):
            problems.add(
                package.name,
                Text("the package is damaged or holds foreign files", "pakken er skadet eller har fremmede filer"),
            )
            continue
        try:
            with quiet():
                unpackage_dataset(link, private_key, opened)
        except (UnpackagingError, OSError):
            text = Text(
                "the package cannot be opened: it is damaged or made for another key",
                "pakken kan ikke åpnes: den er skadet eller laget for en annen nøkkel",
            )
            problems.add(package.name, text)
    return tuple(
        Files(package.stem, opened / package.stem, package.name)
        for package in packages
        if (opened / package.stem / f"{package.stem}.json").is_file()
    )


def _is_plain(package: Path) -> bool:
    """Tell whether a package holds nothing but what packages hold: no link, no path that leads elsewhere."""
    name = package.stem
    own = {f"{name}.json", f"{name}.kem.encr", f"{name}.sha256"}
    try:
        with tarfile.open(package) as archive:
            return all(
                (member.isdir() and member.name == "chunks")
                or (member.isreg() and (member.name in own or _CHUNK.match(member.name)))
                for member in archive.getmembers()
            )
    except (tarfile.TarError, OSError, EOFError):
        return False
