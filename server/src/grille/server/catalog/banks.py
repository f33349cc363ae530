"""Finds the banks in a folder, their versions and variables, and proposes what a wrong name or date may have meant."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path

from grille.server.catalog import bank_file, metadata_json
from grille.server.catalog.model import BankMetadata, RegisterVariable
from grille.server.errors import UnknownNameError
from grille.server.text import Text


def list_banks(banks: Path) -> Mapping[str, Mapping[int, BankMetadata]]:
    """Return the metadata of all bank versions by bank name and version, both ascending.

    Args:
        banks: Folder of all banks; one that does not exist holds none.

    Raises:
        InternalError: METADATA_DAMAGED when a metadata file is of another form.
    """
    found: dict[str, dict[int, BankMetadata]] = {}
    for folder in sorted(path for path in banks.glob("*") if path.is_dir()):
        numbers = sorted(int(path.name) for path in folder.iterdir() if path.name.isascii() and path.name.isdigit())
        versions = {number: metadata_json.read(folder / str(number) / "metadata.json") for number in numbers}
        if versions:
            found[folder.name] = versions
    return found


def load_metadata(banks: Path, bank: str, version: int) -> BankMetadata:
    """Return the metadata of one bank version.

    Raises:
        UnknownNameError: UNKNOWN_BANK_VERSION when it does not exist.
        InternalError: METADATA_DAMAGED when its metadata file is of another form.
    """
    path = bank_file.metadata_path(banks, bank, version)
    if not path.is_file():
        raise UnknownNameError(
            "UNKNOWN_BANK_VERSION",
            Text(
                f"There is no version {version} of a bank {bank}.",
                f"Det finnes ingen versjon {version} av en bank {bank}.",
            ),
        )
    return metadata_json.read(path)


def nearest_dates(variable: RegisterVariable, day: datetime.date, count: int = 3) -> tuple[datetime.date, ...]:
    """Return the at most `count` status dates of `variable` that are nearest to `day`, ascending."""
    nearest = sorted(variable.status_dates, key=lambda date: (abs((date - day).days), date))[:count]
    return tuple(sorted(nearest))


def near_names(name: str, known: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """Return the names of `known` that `name` may have meant, best first; letter case does not count."""
    by_folded: dict[str, str] = {}
    for candidate in sorted(known):
        by_folded.setdefault(candidate.casefold(), candidate)
    matches = difflib.get_close_matches(name.casefold(), by_folded, n=count, cutoff=0.6)
    return tuple(by_folded[match] for match in matches)
