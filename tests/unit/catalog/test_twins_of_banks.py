"""A twin has the variables of its bank and nothing of its data: it is made from the documentation alone."""

from __future__ import annotations

import datetime
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest
from support.small_bank import BANK, make_bank

from grille.server.catalog import bank_file
from grille.server.catalog.banks import load_metadata
from grille.server.catalog.model import BankMetadata, Code, Documentation, RegisterVariable
from grille.server.catalog.twin.build import make_twin
from grille.server.catalog.twin.hints import hint_of
from grille.server.errors import TypeMismatchError
from grille.server.text import Text, same

TWIN_KEY, TWIN_SECRET = "a key of the twin's own, 32 chars", b"t" * 32


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    banks, twins = tmp_path_factory.mktemp("banks"), tmp_path_factory.mktemp("twins")
    make_bank(banks)
    make_twin(twins, load_metadata(banks, BANK, 1), TWIN_KEY, TWIN_SECRET, units=4_000)
    return banks, twins


def opened(twins: Path) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
    return bank_file.open_version(twins, BANK, 1, TWIN_KEY)


def test_a_twin_has_the_metadata_of_its_bank_and_says_that_it_is_a_twin(folders: tuple[Path, Path]) -> None:
    banks, twins = folders
    bank, twin = load_metadata(banks, BANK, 1), load_metadata(twins, BANK, 1)
    assert (bank.twin, twin.twin) == (False, True)
    assert twin.variables == bank.variables
    assert (twin.name, twin.version) == (bank.name, bank.version)


def test_a_twin_needs_no_data_and_comes_out_the_same_from_the_same_documentation(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    banks, twins = folders
    metadata = load_metadata(banks, BANK, 1)
    make_twin(tmp_path, metadata, TWIN_KEY, b"another secret, as of another home", units=4_000)
    for variable in metadata.variables.values():
        rows = []
        for folder in (twins, tmp_path):
            with opened(folder) as connection:
                rows.append(connection.execute(f'SELECT * FROM bank."{variable.table}" ORDER BY ALL').fetchall())
        assert rows[0] == rows[1] != []


def test_a_twin_shares_no_record_key_and_no_sketch_with_its_bank_or_between_its_types(
    folders: tuple[Path, Path],
) -> None:
    from support.small_bank import truth

    known = truth()
    with opened(folders[1]) as connection:
        tables = [
            connection.execute(f'SELECT * EXCLUDE unit FROM bank."units_{kind}"').fetchnumpy()
            for kind in ("PERSON", "KOMMUNE", "FAMILIE")
        ]
    keys = [set(table["record_key"].tolist()) for table in tables]
    words = [set(table["s0"].tolist()) for table in tables]
    assert all(keys[i].isdisjoint(keys[j]) for i in range(3) for j in range(i))
    assert all(one.isdisjoint(set(known.record_key.tolist())) for one in keys)
    assert all(one.isdisjoint(set(known.sketch[:, 0].tolist())) for one in words)


def test_values_are_of_the_type_the_list_and_the_days_that_are_documented(folders: tuple[Path, Path]) -> None:
    metadata = load_metadata(folders[0], BANK, 1)
    kinds = {"STRING": "VARCHAR", "LONG": "BIGINT", "DOUBLE": "DOUBLE", "DATE": "INTEGER"}
    with opened(folders[1]) as connection:
        for variable in metadata.variables.values():
            relation = connection.sql(f'SELECT * FROM bank."{variable.table}"')
            kind = "UINTEGER" if variable.value_unit_type else kinds[variable.data_type]
            dated = [] if variable.temporality == "FIXED" else ["INTEGER", "INTEGER"]
            assert [str(one) for one in relation.types] == ["UINTEGER", kind, *dated], variable.name
            if variable.codes:
                values = {value for (value,) in relation.project("value").distinct().fetchall()}
                assert values <= {code.code for code in variable.codes}
                assert len(values) > 1
            if variable.temporality == "STATUS":
                days = {day for (day,) in relation.project("start").distinct().fetchall()}
                epoch = datetime.date(1970, 1, 1)
                assert days == {(day - epoch).days for day in variable.status_dates}


def test_a_code_is_used_only_while_it_is_valid(tmp_path: Path) -> None:
    early, late = datetime.date(2010, 1, 1), datetime.date(2019, 12, 31)
    codes = (
        Code("old", same("old"), early, datetime.date(2014, 12, 31)),
        Code("new", same("new"), datetime.date(2015, 1, 1), None),
        Code("kept", same("kept"), early, None),
    )
    variable = described("STATE", temporality="ACCUMULATED", codes=codes, first=early, last=late)
    make_twin(tmp_path, bank_of(variable), TWIN_KEY, TWIN_SECRET, units=3_000)
    with bank_file.open_version(tmp_path, "no.test.twin", 1, TWIN_KEY) as connection:
        found = connection.execute(
            "SELECT DISTINCT year(DATE '1970-01-01' + start)::INTEGER, value FROM bank.STATE ORDER BY ALL"
        ).fetchall()
    assert {value for year, value in found if year <= 2014} == {"old", "kept"}
    assert {value for year, value in found if year >= 2015} == {"new", "kept"}


@pytest.mark.parametrize(
    "data_type,codes", [("STRING", ("1", "2", "99")), ("LONG", (1, 2, 99)), ("DOUBLE", (1, 2, 99))]
)
def test_missing_codes_are_rare_and_no_list_of_their_own(
    tmp_path: Path, data_type: str, codes: tuple[str | int, ...]
) -> None:
    one, two, unknown = codes
    described_codes = (Code(one, same("one")), Code(two, same("two")), Code(unknown, same("unknown"), missing=True))
    variables = (
        described("LISTED", codes=described_codes, data_type=data_type),
        described("FREE", codes=described_codes[2:], data_type=data_type),
        described("BIRTHDAY", data_type="DATE"),
    )
    make_twin(tmp_path, bank_of(*variables), TWIN_KEY, TWIN_SECRET, units=3_000)
    with bank_file.open_version(tmp_path, "no.test.twin", 1, TWIN_KEY) as connection:
        listed = connection.execute("SELECT value, count(*) FROM bank.LISTED GROUP BY 1 ORDER BY 2").fetchall()
        (free,) = connection.execute("SELECT count(DISTINCT value) FROM bank.FREE").fetchall()[0]
        (days,) = connection.execute("SELECT count(DISTINCT value) FROM bank.BIRTHDAY").fetchall()[0]
    assert next(value for value, _ in listed) == unknown
    assert {value for value, _ in listed} == set(codes)
    assert 0 < listed[0][1] < 150
    assert free > 20
    assert days > 1_000


@pytest.mark.parametrize(
    "name,title,shape,digits",
    [
        ("FODT", "Year and month of birth", "birth_month", 6),
        ("INNTEKT_LONN", "Wages", "money", 6),
        ("ANT", "Number of children (0-17 years)", "count", 6),
        ("AVTALT", "Avtalt arbeidstid, timer per uke", "hours", 6),
        ("STILLING", "Stillingsprosent", "percent", 6),
        ("YRKE", "Occupation, four-digit code", "generic", 4),
        ("X", "Something else", "generic", 6),
    ],
)
def test_the_documentation_tells_what_numbers_look_like(name: str, title: str, shape: str, digits: int) -> None:
    hint = hint_of(described(name, title=title))
    assert (hint.shape, hint.digits) == (shape, digits)


@pytest.mark.parametrize(
    "text,range_",
    [
        ("0 to 100", (0.0, 100.0)),
        ("Poeng fra -5 til 5.5", (-5.0, 5.5)),
        ("10–50 points", (10.0, 50.0)),
        ("100 to 0", None),
        ("Score of the test of 2019-2020-A", None),
        ("Kilograms", None),
    ],
)
def test_numbers_keep_to_the_range_that_is_documented(
    tmp_path: Path, text: str, range_: tuple[float, float] | None
) -> None:
    variable = replace(described("SCORE", data_type="DOUBLE"), documentation=Documentation(values=same(text)))
    assert hint_of(variable).range == range_
    if range_ is not None:
        make_twin(tmp_path, bank_of(variable), TWIN_KEY, TWIN_SECRET, units=2_000)
        with bank_file.open_version(tmp_path, "no.test.twin", 1, TWIN_KEY) as connection:
            found = connection.execute(
                "SELECT min(value), max(value), count(DISTINCT value) FROM bank.SCORE"
            ).fetchall()
        low, high, different = found[0]
        assert range_[0] <= low < high <= range_[1]
        assert different > 1_000


def test_numbers_vary_between_places_and_within_them_so_that_models_can_be_fitted(tmp_path: Path) -> None:
    codes = tuple(Code(f"{one:04d}", same(str(one))) for one in range(60))
    variables = (described("PLACE", codes=codes), described("WAGE", title="Wages", data_type="DOUBLE"))
    make_twin(tmp_path, bank_of(*variables), TWIN_KEY, TWIN_SECRET, units=20_000)
    with bank_file.open_version(tmp_path, "no.test.twin", 1, TWIN_KEY) as connection:
        rows = connection.execute(
            "SELECT avg(ln(w.value)), count(*) FROM bank.WAGE w JOIN bank.PLACE p USING (unit) GROUP BY p.value"
        ).fetchnumpy()
        (total,) = connection.execute("SELECT var_samp(ln(value)) FROM bank.WAGE").fetchall()[0]
    means, counts = (np.asarray(column) for column in rows.values())
    between = np.average((means - np.average(means, weights=counts)) ** 2, weights=counts)
    assert 0.01 < between / total < 0.6


def test_the_size_of_a_twin_has_bounds(tmp_path: Path) -> None:
    with pytest.raises(TypeMismatchError) as caught:
        make_twin(tmp_path, bank_of(described("X")), TWIN_KEY, TWIN_SECRET, units=10)
    assert caught.value.reason == "BAD_REGISTER_SIZE"


def bank_of(*variables: RegisterVariable) -> BankMetadata:
    return BankMetadata("no.test.twin", 1, {one.name: one for one in variables})


def described(
    name: str,
    *,
    title: str = "",
    temporality: str = "FIXED",
    data_type: str = "STRING",
    codes: tuple[Code, ...] = (),
    first: datetime.date | None = None,
    last: datetime.date | None = None,
) -> RegisterVariable:
    return RegisterVariable(
        name=name,
        title=Text(title or name, title or name),
        unit_type="PERSON",
        value_unit_type=None,
        temporality=temporality,  # type: ignore[arg-type]
        data_type=data_type,  # type: ignore[arg-type]
        sensitivity="PERSON_GENERAL",
        codes=codes,
        description=same(""),
        valid_from=first,
        valid_until=last,
        status_dates=(),
        table=name,
    )
