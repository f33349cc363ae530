"""Finds the data sets in a folder: NAME/NAME.json with NAME/NAME.csv, or a package NAME.tar."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from grille.server.catalog.importing.problems import Problems
from grille.server.errors import UnknownNameError
from grille.server.text import Text

_NAME = re.compile(r"[A-Z][A-Z0-9_]*\Z")
_MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a data set.

    Attributes:
        name: Name of the data set, which becomes that of the register variable.
        folder: Folder NAME with NAME.json and, unless only the metadata change, NAME.csv.
        shown: How messages name the folder.
    """

    name: str
    folder: Path
    shown: str

    @property
    def metadata(self) -> Path:
        """The metadata file."""
        return self.folder / f"{self.name}.json"

    @property
    def data(self) -> Path:
        """The data file, which may be missing."""
        return self.folder / f"{self.name}.csv"

    def told(self, path: Path) -> str:
        """Return how messages name a file of the data set."""
        return f"{self.shown}/{path.name}"


def find_packages(source: Path) -> tuple[Path, ...]:
    """Return the packages in a folder, by name."""
    return tuple(sorted(path for path in source.glob("*.tar") if path.is_file()))


def find_folders(source: Path) -> tuple[Files, ...]:
    """Return the data set folders in a folder, by name; hidden ones and loose files are passed over.

    Raises:
        UnknownNameError: FOLDER_NOT_FOUND.
    """
    if not source.is_dir():
        raise UnknownNameError(
            "FOLDER_NOT_FOUND", Text(f"There is no folder {source}.", f"Det finnes ingen mappe {source}.")
        )
    folders = sorted(path for path in source.iterdir() if path.is_dir() and not path.name.startswith("."))
    return tuple(Files(path.name, path, path.name) for path in folders)


def check_files(data_sets: tuple[Files, ...], source: Path, problems: Problems) -> tuple[Files, ...]:
    """Return the data sets whose name and metadata file are there; say what is wrong with the others.

    Raises:
        UnknownNameError: NO_DATA_SETS when the folder holds none at all.
    """
    if not data_sets and not len(problems):
        raise UnknownNameError(
            "NO_DATA_SETS",
            Text(f"{source} holds no data sets.", f"{source} inneholder ingen datasett."),
            hint=Text(
                "It must hold folders NAME with NAME.json and NAME.csv, or packages NAME.tar.",
                "Den må inneholde mapper NAVN med NAVN.json og NAVN.csv, eller pakker NAVN.tar.",
            ),
        )
    good = []
    seen: set[str] = set()
    for one in data_sets:
        if not _NAME.match(one.name) or len(one.name) > _MAX_NAME:
            problems.add(
                one.shown,
                Text(
                    f"a data set's name has A-Z, 0-9 and _, begins with a letter and has at most {_MAX_NAME} "
                    "characters",
                    f"navnet på et datasett har A-Z, 0-9 og _, begynner med en bokstav og har høyst {_MAX_NAME} tegn",
                ),
            )
        elif one.name in seen:
            problems.add(
                one.shown, Text("the data set is there twice, as folder and package", "datasettet er der to ganger")
            )
        elif not one.metadata.is_file():
            problems.add(one.told(one.metadata), Text("the file is missing", "filen mangler"))
        else:
            good.append(one)
        seen.add(one.name)
    return tuple(good)
