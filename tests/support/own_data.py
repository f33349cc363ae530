"""Writes data sets in the microdata-tools format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any


def both(english: str, norwegian: str | None = None) -> list[dict[str, str]]:
    """Return a text in two languages as the format has it."""
    return [{"languageCode": "en", "value": english}, {"languageCode": "no", "value": norwegian or english}]


def metadata(
    *,
    temporality: str = "FIXED",
    data_type: str = "DOUBLE",
    sensitivity: str = "PUBLIC",
    unit_type: str = "PERSON",
    codes: Sequence[Mapping[str, Any]] = (),
    missing: Sequence[tuple[str | int, str]] = (),
    values_are: str | None = None,
    title: str = "Title",
) -> dict[str, Any]:
    """Return metadata of a data set; `values_are` is the unit type of a key's values."""
    measure: dict[str, Any] = {"name": both(title, f"{title} (no)"), "description": both("What it is", "Hva det er")}
    if values_are is not None:
        measure["unitType"] = values_are
    else:
        domain: dict[str, Any] = {"description": both("Values", "Verdier"), "measurementUnitDescription": both("kg")}
        if codes:
            domain = {
                "codeList": list(codes),
                "sentinelAndMissingValues": [{"code": code, "categoryTitle": both(label)} for code, label in missing],
            }
        measure |= {"dataType": data_type, "valueDomain": domain}
    return {
        "temporalityType": temporality,
        "sensitivityLevel": sensitivity,
        "populationDescription": both("All pupils", "Alle elever"),
        "subjectFields": [both("Education", "Utdanning")],
        "dataRevision": {"description": both("First", "Første")},
        "identifierVariables": [{"unitType": unit_type}],
        "measureVariables": [measure],
    }


def code(value: str | int, label: str, first: str = "1900-01-01", last: str | None = None) -> dict[str, Any]:
    """Return an item of a code list."""
    return {"code": value, "categoryTitle": both(label, f"{label} (no)"), "validFrom": first, "validUntil": last}


def write(folder: Path, name: str, document: Mapping[str, Any] | str, lines: Iterable[str] | None) -> Path:
    """Write a data set; `lines` of None writes no data file."""
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    text = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False, indent=2)
    (place / f"{name}.json").write_text(text, encoding="utf-8")
    if lines is not None:
        (place / f"{name}.csv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return place


def write_table(
    folder: Path, columns: Mapping[str, Sequence[object]], *, prefix: str = "", sensitivity: str = "PUBLIC"
) -> None:
    """Write every column of a table as a FIXED data set of persons 1, 2, ...; text is STRING, other values DOUBLE."""
    for name, values in columns.items():
        kind = "STRING" if any(isinstance(value, str) for value in values) else "DOUBLE"
        lines = [f"{number};{value};;;" for number, value in enumerate(values, start=1)]
        document = metadata(data_type=kind, sensitivity=sensitivity, title=name)
        write(folder, f"{prefix}{name}".upper(), document, lines)
