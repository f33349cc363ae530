"""For all small data files, our rules find a fault exactly when microdata-tools does."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from microdata_tools import validate_dataset
from support import own_data

from grille.server.catalog.importing.folder import find_folders
from grille.server.catalog.importing.metadata import read_metadata
from grille.server.catalog.importing.problems import Problems
from grille.server.catalog.importing.quiet import quiet
from grille.server.catalog.importing.rows import read_rows, scratch_table
from grille.server.catalog.importing.rules import check_rows

NAME = "SUBJECT"
CODES = (own_data.code("1", "One", last="1999-12-31"), own_data.code("2", "Two"))
DATES = st.sampled_from(
    ["", "2020-01-01", "2020-06-30", "2020-07-01", "2020-12-31", "2021-01-01", "1879-12-31", "2060-01-01", "2020-13-01"]
)
VALUES = {
    "STRING": st.sampled_from(["1", "2", "9", "3", "", " 1 ", '"2"', "a b", "é"]),
    "LONG": st.sampled_from(["1", "-7", "0012", " 3 ", "", "1.5", "x", "9223372036854775807", "9223372036854775808"]),
    "DOUBLE": st.sampled_from(["1", "-7.25", "1e5", ".5", "", "x", "1,5", "3."]),
    "DATE": st.sampled_from(["2020-01-01", "1870-05-17", "", "20", "2020-02-30"]),
}
SHAPES = st.sampled_from(["{};", "{};", "{};", "{};", "{}", "{};;"])


@st.composite
def files(draw: st.DrawFn) -> tuple[dict[str, object], list[str]]:
    temporality = draw(st.sampled_from(["FIXED", "STATUS", "ACCUMULATED", "EVENT"]))
    kind = draw(st.sampled_from(sorted(VALUES)))
    coded = kind == "STRING" and draw(st.booleans())
    document = own_data.metadata(
        temporality=temporality,
        data_type=kind,
        codes=CODES if coded else (),
        missing=(("9", "Unknown"),) if coded else (),
    )
    periods = {
        "FIXED": st.sampled_from([("", ""), ("", ""), ("", ""), ("", "2020-01-01"), ("2020-01-01", "")]),
        "STATUS": st.one_of(DATES.map(lambda day: (day, day)), st.tuples(DATES, DATES)),
        "ACCUMULATED": st.tuples(DATES, DATES),
        "EVENT": st.tuples(DATES, DATES),
    }
    names = st.sampled_from(["a", "b", "c", "d", " a ", ""])
    # most lines are sound, so that every rule is met alone and not only behind another
    sound = {"STRING": "1", "LONG": "1", "DOUBLE": "1.5", "DATE": "2020-01-01"}[kind]
    days = {
        "FIXED": ("", ""),
        "STATUS": ("2020-01-01", "2020-01-01"),
        "ACCUMULATED": ("2020-01-01", "2020-12-31"),
        "EVENT": ("2020-01-01", "2020-06-30"),
    }[temporality]
    lines = []
    for number in range(draw(st.integers(1, 4))):
        if draw(st.integers(0, 2)) == 0:
            start, stop = draw(periods[temporality])
            parts = (draw(names), draw(VALUES[kind]), start, stop)
        else:
            parts = (f"u{number}", sound, *days)
        lines.append(draw(SHAPES).format(";".join(parts)))
    return document, lines


@given(files())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_both_accept_or_both_refuse(file: tuple[dict[str, object], list[str]]) -> None:
    document, lines = file
    # an empty line is passed over by both, one of empty columns by us
    assume(not any(set(line) == {";"} for line in lines))
    folder = Path(tempfile.mkdtemp())
    try:
        source = folder / "source"
        own_data.write(source, NAME, document, lines)
        theirs = _their_verdict(source, folder)
        assume(theirs is not None)
        event("sound" if theirs else "faulty")
        problems = _our_problems(source, folder)
        assert (not problems.found) == theirs, [(one.line, one.text.en) for one in problems.found]
    finally:
        shutil.rmtree(folder)


def _their_verdict(source: Path, folder: Path) -> bool | None:
    work = folder / "theirs"
    work.mkdir()
    with quiet():
        try:
            errors = validate_dataset(
                NAME, working_directory=str(work), input_directory=str(source), keep_temporary_files=True
            )
        except TypeError:
            return False  # it sorts the measuring days before it looks for empty ones
    # it cannot tell how far data reach when every spell is open, and looks no further; such registers exist
    return None if any("fourth column" in error for error in errors) else not errors


def _our_problems(source: Path, folder: Path) -> Problems:
    scratch = folder / "ours"
    scratch.mkdir()
    problems = Problems()
    described = read_metadata(find_folders(source)[0], scratch, problems)
    assert described is not None
    with duckdb.connect() as connection:
        connection.execute("ATTACH ':memory:' AS work")
        if read_rows(connection, described, problems):
            check_rows(connection, described, problems)
            connection.execute(f"SELECT * FROM {scratch_table(described)}")
    return problems
