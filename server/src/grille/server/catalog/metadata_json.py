"""Writes and reads the published metadata of a bank version as JSON."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any, get_args

from grille.server.catalog.model import (
    BankMetadata,
    Code,
    Documentation,
    RegisterVariable,
    SensitivityLevel,
    Temporality,
)
from grille.server.errors import InternalError
from grille.server.text import Text

FORMAT = "grille-bank-1"

_TOLD = ("population", "coverage", "values", "unit_of_measure", "revision", "ended")


def dumps(metadata: BankMetadata) -> str:
    """Return `metadata` as a JSON document: same metadata, same text."""
    document = {
        "format": FORMAT,
        "name": metadata.name,
        "version": metadata.version,
        **({"twin": True} if metadata.twin else {}),
        "variables": [_variable_out(metadata.variables[name]) for name in sorted(metadata.variables)],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def loads(document: str) -> BankMetadata:
    """Return the metadata that `dumps` wrote.

    Raises:
        InternalError: METADATA_DAMAGED when the document is of another form.
    """
    try:
        data = json.loads(document)
        if data["format"] != FORMAT:
            raise ValueError(f"format is not {FORMAT}")
        variables = [_variable_in(entry) for entry in data["variables"]]
        return BankMetadata(
            str(data["name"]),
            int(data["version"]),
            {variable.name: variable for variable in variables},
            data.get("twin") is True,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InternalError(
            "METADATA_DAMAGED",
            Text("The metadata file of a bank version is damaged.", "Metadatafilen til en bankversjon er skadet."),
        ) from error


def read(path: Path) -> BankMetadata:
    """Return the metadata in the file `path`; errors as `loads`, and OSError."""
    return loads(path.read_text(encoding="utf-8"))


def _variable_out(variable: RegisterVariable) -> dict[str, Any]:
    return {
        "name": variable.name,
        "title": _text_out(variable.title),
        "unitType": variable.unit_type,
        "valueUnitType": variable.value_unit_type,
        "temporality": variable.temporality,
        "dataType": variable.data_type,
        "sensitivity": variable.sensitivity,
        "description": _text_out(variable.description),
        "validFrom": _date_out(variable.valid_from),
        "validUntil": _date_out(variable.valid_until),
        "statusDates": [day.isoformat() for day in variable.status_dates],
        "table": variable.table,
        "codes": [
            {
                "code": code.code,
                "label": _text_out(code.label),
                "validFrom": _date_out(code.valid_from),
                "validUntil": _date_out(code.valid_until),
                "missing": code.missing,
            }
            for code in variable.codes
        ],
        **_documentation_out(variable.documentation),
    }


def _documentation_out(documentation: Documentation) -> dict[str, Any]:
    """Return what there is; a variable of which nothing is told has no such part, as in older files."""
    told = {name: _text_out(text) for name in _TOLD if (text := getattr(documentation, name)) is not None}
    subjects = [_text_out(subject) for subject in documentation.subjects]
    return {"documentation": {**told, "subjects": subjects}} if told or subjects else {}


def _documentation_in(entry: dict[str, Any]) -> Documentation:
    told = {name: _text_in(entry[name]) for name in _TOLD if name in entry}
    return Documentation(subjects=tuple(_text_in(subject) for subject in entry.get("subjects", ())), **told)


def _variable_in(entry: dict[str, Any]) -> RegisterVariable:
    return RegisterVariable(
        name=entry["name"],
        title=_text_in(entry["title"]),
        unit_type=entry["unitType"],
        value_unit_type=entry["valueUnitType"],
        temporality=_one_of(entry["temporality"], Temporality),
        data_type=_one_of(entry["dataType"], ("STRING", "LONG", "DOUBLE", "DATE")),
        sensitivity=_one_of(entry["sensitivity"], SensitivityLevel),
        codes=tuple(
            Code(
                code["code"],
                _text_in(code["label"]),
                _date_in(code["validFrom"]),
                _date_in(code["validUntil"]),
                bool(code["missing"]),
            )
            for code in entry["codes"]
        ),
        description=_text_in(entry["description"]),
        valid_from=_date_in(entry["validFrom"]),
        valid_until=_date_in(entry["validUntil"]),
        status_dates=tuple(datetime.date.fromisoformat(day) for day in entry["statusDates"]),
        table=entry["table"],
        documentation=_documentation_in(entry.get("documentation", {})),
    )


def _one_of(value: Any, allowed: Any) -> Any:
    if value not in (allowed if isinstance(allowed, tuple) else get_args(allowed)):
        raise ValueError("value outside its list")
    return value


def _text_out(text: Text) -> dict[str, str]:
    return {"en": text.en, "no": text.no}


def _text_in(entry: dict[str, str]) -> Text:
    return Text(entry["en"], entry["no"])


def _date_out(day: datetime.date | None) -> str | None:
    return None if day is None else day.isoformat()


def _date_in(text: str | None) -> datetime.date | None:
    return None if text is None else datetime.date.fromisoformat(text)
