"""What the metadata of a data set say reaches the catalogue, in both languages."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from support import own_data
from support.imports import OWN, run_import

from grille.server.catalog import banks
from grille.server.catalog.importing.json_lines import JsonLines
from grille.server.catalog.importing.metadata import identifier_space
from grille.server.catalog.model import Code
from grille.server.text import Text


def test_everything_that_is_told_is_kept(tmp_path: Path) -> None:
    document = own_data.metadata(
        temporality="EVENT",
        data_type="LONG",
        sensitivity="PERSON_SPECIAL",
        unit_type="KURS",
        codes=(own_data.code(1, "One", "2000-01-01", "2009-12-31"), own_data.code(2, "Two", "2010-01-01")),
        missing=((99, "Unknown"),),
        title="Level",
    )
    document["spatialCoverageDescription"] = own_data.both("Norway", "Norge")
    document["dataRevision"]["temporalEnd"] = {"description": own_data.both("No more", "Slutt"), "successors": ["L2"]}
    own_data.write(tmp_path / "in", "LEVEL", document, ["a;1;2001-01-01;2002-01-01;", "b;99;2011-01-01;;"])
    run_import(tmp_path / "banks", tmp_path / "in")
    found = banks.load_metadata(tmp_path / "banks", OWN, 1).variables["LEVEL"]
    assert (found.title, found.description) == (Text("Level", "Level (no)"), Text("What it is", "Hva det er"))
    assert (found.unit_type, found.value_unit_type, found.temporality) == ("KURS", None, "EVENT")
    assert (found.data_type, found.sensitivity) == ("LONG", "PERSON_SPECIAL")
    day = datetime.date
    assert found.codes == (
        Code(1, Text("One", "One (no)"), day(2000, 1, 1), day(2009, 12, 31)),
        Code(2, Text("Two", "Two (no)"), day(2010, 1, 1), None),
        Code(99, Text("Unknown", "Unknown"), missing=True),
    )
    told = found.documentation
    assert told.population == Text("All pupils", "Alle elever")
    assert told.subjects == (Text("Education", "Utdanning"),)
    assert (told.coverage, told.revision) == (Text("Norway", "Norge"), Text("First", "Første"))
    assert told.ended == Text("No more (L2)", "Slutt (L2)")
    assert (told.values, told.unit_of_measure) == (None, None)


def test_described_values_tell_what_they_are_and_what_they_are_measured_in(tmp_path: Path) -> None:
    own_data.write(tmp_path / "in", "WEIGHT", own_data.metadata(), ["a;1.5;;;"])
    told = run_import(tmp_path / "banks", tmp_path / "in").metadata.variables["WEIGHT"].documentation
    assert (told.values, told.unit_of_measure) == (Text("Values", "Verdier"), Text("kg", "kg"))


def test_one_language_stands_in_for_the_other(tmp_path: Path) -> None:
    document = own_data.metadata()
    document["measureVariables"][0]["name"] = [{"languageCode": "nn", "value": "Vekt"}]
    document["measureVariables"][0]["description"] = [{"languageCode": "en", "value": "Weight"}]
    own_data.write(tmp_path / "in", "WEIGHT", document, ["a;1.5;;;"])
    found = run_import(tmp_path / "banks", tmp_path / "in").metadata.variables["WEIGHT"]
    assert (found.title, found.description) == (Text("Vekt", "Vekt"), Text("Weight", "Weight"))


def test_municipalities_are_a_code_list_and_persons_are_keys(tmp_path: Path) -> None:
    own_data.write(tmp_path / "in", "PLACE", own_data.metadata(values_are="KOMMUNE"), ["a;0301;;;", "b;5601;;;"])
    own_data.write(tmp_path / "in", "FATHER", own_data.metadata(values_are="PERSON"), ["a;c;;;"])
    made = run_import(tmp_path / "banks", tmp_path / "in").metadata.variables
    assert made["PLACE"].value_unit_type is None
    assert {"0301", "5601"} <= {code.code for code in made["PLACE"].codes}
    assert (made["FATHER"].value_unit_type, made["FATHER"].codes) == ("PERSON", ())


def test_persons_and_families_share_identifiers_and_jobs_do_not() -> None:
    assert identifier_space("PERSON") == identifier_space("FAMILIE") == "FNR"
    assert identifier_space("JOBB") != identifier_space("PERSON")
    assert identifier_space("KOMMUNE") == "KOMMUNE"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_the_line_of_every_part_of_any_document_is_found(document: object) -> None:
    text = json.dumps(document, indent=1)
    lines = JsonLines(text)
    # written with an indent, every part begins a line of its own, in the order of a walk through the document
    expected = 1
    for path, part, last in _walk((), document, closing=0):
        assert lines.line(path) == expected
        expected += 1 + (last if not isinstance(part, dict | list) or not part else 0)


def _walk(path: tuple[str | int, ...], part: object, closing: int) -> list[tuple[tuple[str | int, ...], object, int]]:
    """Return every part with its path and the number of lines with closing brackets after it."""
    inner = list(part.items()) if isinstance(part, dict) else list(enumerate(part)) if isinstance(part, list) else []
    found = [(path, part, closing)]
    for number, (key, value) in enumerate(inner):
        found += _walk((*path, key), value, closing + 1 if number == len(inner) - 1 else 0)
    return found
