"""A small real bank, encrypted on disk, whose contents the tests know as arrays."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from grille.server.catalog import bank_file
from grille.server.catalog.model import BankMetadata, Code, RegisterVariable
from grille.server.disclosure.sketch import record_keys, sketch_columns, unit_elements
from grille.server.text import Text, same

BANK = "no.test.small"
KEY = "bank's own key, 32 characters.."
SECRET = b"s" * 32
PERSONS = 3_000
LATER_PERSONS = 3_200
EPOCH = datetime.date(1970, 1, 1)


def days(text: str) -> int:
    """Return an ISO date as days since 1970-01-01."""
    return (datetime.date.fromisoformat(text) - EPOCH).days


@dataclass(frozen=True)
class Truth:
    """What the bank holds, by unit; None and NaN where a unit has no value."""

    sex: np.ndarray  # object, all units
    born: np.ndarray  # int64, all units
    wage: dict[int, np.ndarray]  # float64 by year
    married: dict[str, np.ndarray]  # object, by day asked
    job: dict[str, np.ndarray]  # object, by status day
    record_key: np.ndarray
    sketch: np.ndarray


def truth(persons: int = PERSONS) -> Truth:
    """Return the contents of a version with `persons` units; a smaller version is the beginning of a larger one."""
    unit = np.arange(persons)
    sex = np.where(unit % 2 == 0, "1", "2").astype(object)
    born = 194_001 + (unit * 37 % 60) * 100 + unit % 12
    wage = {}
    for year in (2021, 2022):
        value = np.round(250_000 + 1_000.0 * ((unit * 7_919 + year) % 601) + 0.25 * (unit % 4), 2)
        wage[year] = np.where((unit + year) % 10 < 7, value, np.nan)
    first = np.array(["1", "2", "3", "5"], dtype=object)[unit % 4]
    second = np.array(["2", "4", "1", "6"], dtype=object)[unit % 4]
    begins = unit % 5 != 0
    changes = unit % 3 == 0
    married = {
        "2015-06-30": np.where(begins, first, None),
        "2020-01-01": np.where(begins, np.where(changes, second, first), None),
    }
    codes = np.array(["0110", "2130", "3112", "4110", "5131", "9112"], dtype=object)
    job = {
        "2021-11-16": np.where(unit % 4 != 1, codes[unit % 6], None),
        "2022-11-16": np.where(unit % 4 != 2, codes[(unit + 1) % 6], None),
    }
    keys = record_keys(unit.astype(np.uint32), SECRET)
    sketch = sketch_columns(unit_elements(unit.astype(np.uint32), SECRET))
    return Truth(sex, born, wage, married, job, keys, sketch)


def make_bank(folder: Path, version: int = 1, persons: int = PERSONS) -> BankMetadata:
    """Write a version of the bank under `folder` and return its metadata."""

    def build(connection: duckdb.DuckDBPyConnection, scratch: Path) -> BankMetadata:
        fill(connection, truth(persons))
        return BankMetadata(BANK, version, {one.name: one for one in _variables()})

    return bank_file.create_version(folder, BANK, version, KEY, build)


def fill(connection: duckdb.DuckDBPyConnection, known: Truth) -> None:
    """Write the tables of the bank into the schema `bank`; rows of dated variables are deliberately out of order."""
    persons = len(known.sex)
    unit = np.arange(persons, dtype=np.uint32)
    keys = {"unit": unit, "record_key": known.record_key, **{f"s{i}": known.sketch[:, i] for i in range(6)}}
    _write(connection, "units_PERSON", keys)
    _write(connection, "units_KOMMUNE", {name: column[:5] for name, column in keys.items()})
    _write(connection, "KJONN", {"unit": unit, "value": known.sex})
    _write(connection, "FODT", {"unit": unit, "value": known.born})
    wages = []
    for year, value in known.wage.items():
        has = ~np.isnan(value)
        span = (days(f"{year}-01-01"), days(f"{year}-12-31"))
        wages.append({"unit": unit[has], "value": value[has], **_span(has.sum(), *span)})
    _write(connection, "LONN", _stacked(wages))
    _write(connection, "SIVSTAND", _spells(known))
    jobs = []
    for day, value in known.job.items():
        has = np.array([one is not None for one in value])
        jobs.append({"unit": unit[has][::-1], "value": value[has][::-1], **_span(has.sum(), days(day), days(day))})
    _write(connection, "YRKE", _stacked(jobs))
    one_day = _span(persons, days("2022-01-01"), days("2022-01-01"))
    _write(connection, "FAMNR", {"unit": unit, "value": unit // 3, **one_day})
    _write(connection, "AREAL", {"unit": unit[:5], "value": np.linspace(10.0, 50.0, 5)})
    _write(connection, "DOBBEL", {"unit": np.repeat(unit[:1_500], 2), "value": np.arange(3_000)})


def _spells(known: Truth) -> dict[str, np.ndarray]:
    begins = np.array([one is not None for one in known.married["2015-06-30"]])
    changes = begins & (np.arange(len(begins)) % 3 == 0)
    unit = np.arange(len(begins), dtype=np.uint32)
    early = known.married["2015-06-30"]
    late = known.married["2020-01-01"]
    closed = {
        "unit": unit[changes],
        "value": early[changes],
        **_span(changes.sum(), days("2010-01-01"), days("2017-05-04")),
    }
    opened = {"unit": unit[changes], "value": late[changes], **_span(changes.sum(), days("2017-05-05"), None)}
    stays = begins & ~changes
    same_spell = {"unit": unit[stays], "value": early[stays], **_span(stays.sum(), days("2010-01-01"), None)}
    return _stacked([opened, same_spell, closed])


def _span(rows: int, start: int, stop: int | None) -> dict[str, np.ndarray]:
    last = np.full(rows, np.nan) if stop is None else np.full(rows, float(stop))
    return {"start": np.full(rows, start, dtype=np.int32), "stop": last}


def _stacked(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _write(connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, np.ndarray]) -> None:
    arrays = {}
    for name, column in columns.items():
        array = pa.array(column, from_pandas=True)
        arrays[name] = array.cast(pa.int32()) if name == "stop" else array
    connection.register("incoming", pa.table(arrays))
    connection.execute(f'CREATE TABLE bank.main."{table}" AS SELECT * FROM incoming')
    connection.unregister("incoming")


def _variables() -> list[RegisterVariable]:
    sexes = (Code("1", Text("Male", "Mann")), Code("2", Text("Female", "Kvinne")))
    states = tuple(Code(str(one), same(f"State {one}")) for one in range(1, 10))
    dates = tuple(datetime.date.fromisoformat(day) for day in ("2021-11-16", "2022-11-16"))
    first, last = datetime.date(2010, 1, 1), datetime.date(2022, 12, 31)
    return [
        _variable("KJONN", "FIXED", "STRING", codes=sexes, title=Text("Sex", "Kjønn")),
        _variable("FODT", "FIXED", "LONG", title=Text("Year and month of birth", "Fødselsår og -måned")),
        _variable("LONN", "ACCUMULATED", "DOUBLE", valid=(datetime.date(2021, 1, 1), last), title=Text("Wage", "Lønn")),
        _variable("SIVSTAND", "EVENT", "STRING", codes=states, valid=(first, last)),
        _variable("YRKE", "STATUS", "STRING", valid=(dates[0], dates[-1]), dates=dates),
        _variable(
            "FAMNR", "STATUS", "STRING", key="FAMILIE", valid=(dates[0], last), dates=(datetime.date(2022, 1, 1),)
        ),
        _variable("AREAL", "FIXED", "DOUBLE", unit_type="KOMMUNE", sensitivity="PUBLIC"),
        _variable("DOBBEL", "FIXED", "LONG"),
    ]


def _variable(
    name: str,
    temporality: str,
    data_type: str,
    *,
    unit_type: str = "PERSON",
    key: str | None = None,
    codes: tuple[Code, ...] = (),
    valid: tuple[datetime.date | None, datetime.date | None] = (None, None),
    dates: tuple[datetime.date, ...] = (),
    title: Text | None = None,
    sensitivity: str = "PERSON_GENERAL",
) -> RegisterVariable:
    return RegisterVariable(
        name=name,
        title=title or same(name.title()),
        unit_type=unit_type,
        value_unit_type=key,
        temporality=temporality,
        data_type=data_type,
        sensitivity=sensitivity,
        codes=codes,
        description=same(""),
        valid_from=valid[0],
        valid_until=valid[1],
        status_dates=dates,
        table=name,
    )
