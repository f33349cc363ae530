"""Metadata come back from JSON as they were."""

import datetime
import json

import pytest

from grille.server.catalog import metadata_json
from grille.server.catalog.model import BankMetadata, Code, RegisterVariable
from grille.server.catalog.synthetic.calendar import Years
from grille.server.catalog.synthetic.registry import VARIABLES
from grille.server.errors import InternalError
from grille.server.text import Text


def _synthetic() -> BankMetadata:
    described = [definition.describe(Years()) for definition in VARIABLES]
    return BankMetadata("no.ssb.fdb", 30, {variable.name: variable for variable in described})


def _coded() -> BankMetadata:
    codes = (
        Code(1, Text("One", "Én"), datetime.date(1990, 1, 1), datetime.date(2004, 12, 31)),
        Code(2, Text("Two", "To"), datetime.date(1990, 1, 1)),
        Code(9, Text("Unknown", "Ukjent"), missing=True),
    )
    variable = RegisterVariable(
        name="LEVEL", title=Text("Level", "Nivå"), unit_type="JOBB", value_unit_type=None, temporality="ACCUMULATED",
        data_type="LONG", sensitivity="PUBLIC", codes=codes, description=Text("d", "d"),
        valid_from=datetime.date(1990, 1, 1), valid_until=None, status_dates=(), table="t1",
    )  # fmt: skip
    return BankMetadata("no.test", 1, {"LEVEL": variable})


@pytest.mark.parametrize("metadata", [_synthetic(), _coded()], ids=["synthetic", "numeric codes with periods"])
def test_metadata_survive_the_round_trip(metadata: BankMetadata) -> None:
    assert metadata_json.loads(metadata_json.dumps(metadata)) == metadata


def test_the_same_metadata_give_the_same_text() -> None:
    metadata = _synthetic()
    shuffled = BankMetadata(metadata.name, metadata.version, dict(reversed(metadata.variables.items())))
    assert metadata_json.dumps(shuffled) == metadata_json.dumps(metadata)


def _without_title(document: dict) -> None:
    del document["variables"][0]["title"]


def _strange_temporality(document: dict) -> None:
    document["variables"][0]["temporality"] = "SOMETIMES"


def _other_format(document: dict) -> None:
    document["format"] = "grille-bank-0"


@pytest.mark.parametrize("damage", [_without_title, _strange_temporality, _other_format])
def test_a_damaged_document_is_refused(damage) -> None:
    document = json.loads(metadata_json.dumps(_synthetic()))
    damage(document)
    with pytest.raises(InternalError) as caught:
        metadata_json.loads(json.dumps(document))
    assert caught.value.reason == "METADATA_DAMAGED"


def test_text_that_is_not_json_is_refused() -> None:
    with pytest.raises(InternalError) as caught:
        metadata_json.loads("{")
    assert caught.value.reason == "METADATA_DAMAGED"
