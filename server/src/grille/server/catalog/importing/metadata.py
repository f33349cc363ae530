"""Reads the metadata of a data set: microdata-tools validates, and what it accepts becomes a register variable."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic
from microdata_tools import get_unit_id_type_for_unit_type, validate_metadata
from microdata_tools.validation.model.metadata import Metadata, UnitType

from grille.server.catalog.importing.folder import Files
from grille.server.catalog.importing.json_lines import JsonLines
from grille.server.catalog.importing.problems import Problems
from grille.server.catalog.importing.quiet import quiet
from grille.server.catalog.model import Code, Documentation, RegisterVariable
from grille.server.text import Text, same

TABLE_PREFIX = "var_"
"""Before the name of a data set in the name of its table, so that none can be taken for a table of units."""


@dataclass(frozen=True, slots=True)
class Described:
    """A data set as its metadata describe it.

    Attributes:
        files: Where it came from.
        variable: The register variable, without coverage, which the data tell.
        numeric_ids: Whether identifiers are whole numbers, so that 07 and 7 are one.
        numeric_keys: The same of the values, when they are units.
        space: Identifier type: unit types that share one, as persons and families do, share identifiers.
        value_space: The same of the values, when they are units.
    """

    files: Files
    variable: RegisterVariable
    numeric_ids: bool
    numeric_keys: bool
    space: str
    value_space: str | None


def identifier_space(unit_type: str) -> str:
    """Return the identifier type of a unit type, or the unit type when it has none of its own."""
    found = get_unit_id_type_for_unit_type(UnitType(unit_type))
    return unit_type if found is None else str(found.value)


def read_metadata(files: Files, scratch: Path, problems: Problems) -> Described | None:
    """Return what the metadata file of a data set says, or None and add its problems.

    Args:
        files: The data set.
        scratch: Folder for what microdata-tools writes.
        problems: Told what is wrong.
    """
    shown = files.told(files.metadata)
    try:
        text = files.metadata.read_text(encoding="utf-8")
        document = json.loads(text)
    except UnicodeDecodeError:
        problems.add(shown, Text("the file is not UTF-8", "filen er ikke UTF-8"))
        return None
    except OSError:
        problems.add(shown, Text("the file cannot be read", "filen kan ikke leses"))
        return None
    except json.JSONDecodeError as error:
        problems.add(shown, Text(f"not JSON: {error.msg}", f"ikke JSON: {error.msg}"), error.lineno)
        return None
    except RecursionError:
        problems.add(shown, Text("not JSON: nested too deeply", "ikke JSON: for dypt nøstet"))
        return None
    if not isinstance(document, dict):
        problems.add(shown, Text("the metadata are not an object", "metadata er ikke et objekt"), 1)
        return None
    before = len(problems)
    with quiet():
        if _fits_model(document, text, shown, problems):
            _check_with_tool(files, scratch, shown, problems)
    if len(problems) > before:
        return None
    enriched = json.loads((scratch / f"{files.name}.json").read_text(encoding="utf-8"))
    return _described(files, document, enriched)


def _fits_model(document: dict[str, Any], text: str, shown: str, problems: Problems) -> bool:
    """Compare with the model of microdata-tools, whose errors tell the place; True when there are none."""
    try:
        Metadata.model_validate(document)
    except pydantic.ValidationError as error:
        lines = JsonLines(text)
        for one in error.errors(include_url=False, include_input=False):
            path = ".".join(str(part) for part in one["loc"])
            told = f"{path}: {one['msg']}" if path else one["msg"]
            problems.add(shown, same(told), lines.line(one["loc"]))
        return False
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        # the model looks into parts before it knows that they are there and of the right kind
        told = f": {error}" if isinstance(error, KeyError) else ""
        problems.add(
            shown,
            Text(f"a part is missing or of another kind{told}", f"en del mangler eller er av et annet slag{told}"),
        )
        return False
    return True


def _check_with_tool(files: Files, scratch: Path, shown: str, problems: Problems) -> None:
    """Let microdata-tools validate the file, code lists included, and leave its completed metadata in `scratch`."""
    try:
        errors = validate_metadata(
            files.name,
            input_directory=str(files.folder.parent),
            working_directory=str(scratch),
            keep_temporary_files=True,
        )
    except (KeyError, TypeError, AttributeError, ValueError):
        errors = ["the code list has a part of another kind than the format says"]
    for error in errors:
        problems.add(shown, same(error))


def _described(files: Files, document: Mapping[str, Any], enriched: Mapping[str, Any]) -> Described:
    measure = document["measureVariables"][0]
    completed = enriched["measureVariables"][0]
    identifier = enriched["identifierVariables"][0]
    unit_type = str(identifier["unitType"]["shortName"])
    domain = completed["valueDomain"]
    # a unit type without pseudonyms, such as municipalities, is a code list that may be shown
    points_to = completed["unitType"] if "unitType" in measure else None
    key = str(points_to["shortName"]) if points_to and points_to["requiresPseudonymization"] else None
    revision = document["dataRevision"]
    variable = RegisterVariable(
        name=files.name,
        title=_text(measure["name"]),
        unit_type=unit_type,
        value_unit_type=key,
        temporality=document["temporalityType"],
        data_type="STRING" if key else completed["dataType"],
        sensitivity=document["sensitivityLevel"],
        codes=() if key else _codes(domain),
        description=_text(measure["description"]),
        valid_from=None,
        valid_until=None,
        status_dates=(),
        table=TABLE_PREFIX + files.name,
        documentation=Documentation(
            population=_text(document["populationDescription"]),
            subjects=tuple(_text(field) for field in document["subjectFields"]),
            coverage=_optional(document.get("spatialCoverageDescription")),
            values=None if points_to else _optional(domain.get("description")),
            unit_of_measure=_optional(domain.get("measurementUnitDescription")),
            revision=_text(revision["description"]),
            ended=_ended(revision.get("temporalEnd")),
        ),
    )
    return Described(
        files,
        variable,
        numeric_ids=identifier["dataType"] == "LONG",
        numeric_keys=key is not None and completed["dataType"] == "LONG",
        space=identifier_space(unit_type),
        value_space=identifier_space(key) if key else None,
    )


def _codes(domain: Mapping[str, Any]) -> tuple[Code, ...]:
    listed = [
        Code(
            item["code"],
            _text(item["categoryTitle"]),
            datetime.date.fromisoformat(item["validFrom"][:10]),
            datetime.date.fromisoformat(item["validUntil"][:10]) if item.get("validUntil") else None,
        )
        for item in domain.get("codeList") or ()
    ]
    absent = [
        Code(item["code"], _text(item["categoryTitle"]), missing=True)
        for item in domain.get("sentinelAndMissingValues") or ()
    ]
    return (*listed, *absent)


def _text(entries: Iterable[Mapping[str, str]]) -> Text:
    """Return a text in both languages; what is there in one stands for the other."""
    given: dict[str, str] = {}
    for entry in entries:
        given.setdefault(entry["languageCode"], entry["value"])
    norwegian = next((given[code] for code in ("no", "nb", "nn") if code in given), None)
    english = given.get("en")
    return Text(english or norwegian or "", norwegian or english or "")


def _optional(entries: Iterable[Mapping[str, str]] | None) -> Text | None:
    return None if entries is None else _text(entries)


def _ended(entry: Mapping[str, Any] | None) -> Text | None:
    if entry is None:
        return None
    text = _text(entry["description"])
    successors = ", ".join(entry.get("successors") or ())
    return Text(f"{text.en} ({successors})", f"{text.no} ({successors})") if successors else text
