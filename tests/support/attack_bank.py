"""The register that the attacks are made on: planted targets among ordinary people, all of it known to the tests."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from grille.server.catalog import bank_file
from grille.server.catalog.model import BankMetadata, Code, RegisterVariable
from grille.server.disclosure.sketch import record_keys, sketch_columns, unit_elements
from grille.server.operations.home import Home
from grille.server.operations.keys import load_keys
from grille.server.text import same

BANK = "no.test.attacked"
TARGETS = 40
COUNTIES = tuple(f"{number:02d}" for number in (3, 11, 15, 18, 30, 34, 38, 42, 46, 50, 54))
TRADES = tuple(str(number) for number in range(1000, 1060))
RARE_TRADES = tuple(str(number) for number in range(9000, 9150))
DAY = datetime.date(2022, 12, 31)
EPOCH = datetime.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Target:
    """A person whom the attacker knows well enough to describe, and wants to know more about.

    Attributes:
        number: Its number among the targets.
        unit: Its row in the arrays of the register.
        condition: What the attacker knows, as a condition of the language; nobody else fits it.
        born, sex, muni, edu: The parts of it.
        wage: Secret.
        bit: Secret, 0 or 1.
        trade: Secret: occupation code, which nobody else has.
        extreme: Whether the wage is far beyond everybody's but the other extreme targets'.
    """

    number: int
    unit: int
    condition: str
    born: int
    sex: str
    muni: str
    edu: int
    wage: float
    bit: int
    trade: str
    extreme: bool


@dataclass(frozen=True, slots=True)
class Register:
    """The arrays behind the bank, one entry per unit, and the targets."""

    size: int
    sex: np.ndarray
    born: np.ndarray
    county: np.ndarray
    muni: np.ndarray
    edu: np.ndarray
    trade: np.ndarray
    wage: np.ndarray
    capital: np.ndarray
    bit: np.ndarray
    place: np.ndarray
    note: np.ndarray
    tax: np.ndarray
    targets: tuple[Target, ...] = field(default=())

    @property
    def ordinary(self) -> np.ndarray:
        """Mask of the units that are no targets."""
        mask = np.ones(self.size, dtype=np.bool_)
        mask[[target.unit for target in self.targets]] = False
        return mask


def make_register(size: int, seed: int = 1) -> Register:
    """Draw a register of `size` persons with TARGETS planted targets; the same seed gives the same register."""
    random = np.random.default_rng(seed)
    munis = 5 if size < 20_000 else 30
    county = random.integers(0, len(COUNTIES), size)
    muni = np.array([f"{COUNTIES[c]}{m:02d}" for c, m in zip(county, random.integers(1, munis + 1, size), strict=True)])
    born = 100 * random.integers(1940, 2000, size) + random.integers(1, 13, size)
    sex = np.where(random.random(size) < 0.5, "1", "2")
    edu = random.integers(1, 9, size)
    trade = np.array(TRADES)[random.integers(0, len(TRADES), size)].astype(object)
    wage = np.round(random.lognormal(np.log(450_000), 0.6, size) + 20_000.0 * edu)
    capital = np.round(random.lognormal(np.log(900_000), 1.0, size))
    bit = (random.random(size) < 0.4).astype(np.int64)
    place = random.integers(0, size // 40, size)
    note = random.integers(100, 1_000, size).astype(str).astype(object)
    tax = np.where(random.random(size) < 0.9, np.round(0.3 * wage), np.nan)
    units = _unique(random, born, sex, muni, edu)
    # far enough from each other that one guess is near two of them at most
    low, high = np.quantile(wage, [0.03, 0.985])
    levels = np.exp(np.linspace(np.log(low), np.log(high), TARGETS // 2))
    targets = []
    for number, unit in enumerate(units):
        extreme = number < TARGETS // 2
        wage[unit] = round(6e6 * 1.16**number) + 137 if extreme else round(levels[number - TARGETS // 2]) + 11
        tax[unit] = round(0.3 * wage[unit])
        bit[unit] = number // 2 % 2
        trade[unit] = RARE_TRADES[3 * number]
        place[unit] = size // 40 + number
        note[unit] = f"A{number:02d}"
        known = f"born == {born[unit]} & sex == '{sex[unit]}' & muni == '{muni[unit]}' & edu == {edu[unit]}"
        targets.append(
            Target(
                number,
                int(unit),
                known,
                int(born[unit]),
                str(sex[unit]),
                str(muni[unit]),
                int(edu[unit]),
                float(wage[unit]),
                int(bit[unit]),
                str(trade[unit]),
                extreme,
            )
        )
    return Register(
        size,
        sex.astype(object),
        born,
        np.array(COUNTIES, dtype=object)[county],
        muni.astype(object),
        edu,
        trade,
        wage,
        capital,
        bit,
        place,
        note,
        tax,
        tuple(targets),
    )


def _unique(random: np.random.Generator, *columns: np.ndarray) -> np.ndarray:
    """Return TARGETS random rows that share their combination of values with no other row."""
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        codes = codes * 10_000 + np.unique(column, return_inverse=True)[1]
    _, first, counts = np.unique(codes, return_index=True, return_counts=True)
    return random.permutation(first[counts == 1])[:TARGETS]


def write_bank(home: Path, register: Register, version: int = 1, absent: tuple[int, ...] = ()) -> None:
    """Write a version of the bank; in it the units `absent` have no tax."""
    keys = load_keys(Home(home))
    secret = keys.record_secret(BANK)

    def build(connection: duckdb.DuckDBPyConnection, scratch: Path) -> BankMetadata:
        unit = np.arange(register.size, dtype=np.uint32)
        sketches = sketch_columns(unit_elements(unit, secret))
        units = {"unit": unit, "record_key": record_keys(unit, secret)}
        _write(connection, "units_PERSON", units | {f"s{word}": sketches[:, word] for word in range(6)})
        fixed = {
            "SEX": register.sex,
            "BORN": register.born,
            "COUNTY": register.county,
            "MUNI": register.muni,
            "EDU": register.edu,
            "TRADE": register.trade,
            "WAGE": register.wage,
            "CAPITAL": register.capital,
            "BIT": register.bit,
            "PLACE": register.place,
            "NOTE": register.note,
            "FAMILY": (unit // 3).astype(np.uint32),
        }
        for name, values in fixed.items():
            _write(connection, name, {"unit": unit, "value": values})
        has = ~np.isnan(register.tax)
        has[list(absent)] = False
        day = (DAY - EPOCH).days
        span = {"start": np.full(has.sum(), day - 364, dtype=np.int32), "stop": np.full(has.sum(), day, dtype=np.int32)}
        _write(connection, "TAX", {"unit": unit[has], "value": register.tax[has], **span})
        return BankMetadata(BANK, version, {one.name: one for one in _variables(register)})

    bank_file.create_version(Home(home).banks, BANK, version, keys.bank_key(BANK), build)


def _write(connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, np.ndarray]) -> None:
    connection.register("incoming", pa.table({name: pa.array(column) for name, column in columns.items()}))
    connection.execute(f'CREATE TABLE bank.main."{table}" AS SELECT * FROM incoming')
    connection.unregister("incoming")


def _variables(register: Register) -> list[RegisterVariable]:
    munis = tuple(sorted(set(register.muni.tolist())))
    return [
        _variable("SEX", "STRING", codes=("1", "2")),
        _variable("BORN", "LONG"),
        _variable("COUNTY", "STRING", codes=COUNTIES),
        _variable("MUNI", "STRING", codes=munis),
        _variable("EDU", "LONG"),
        _variable("TRADE", "STRING", codes=(*TRADES, *RARE_TRADES)),
        _variable("WAGE", "DOUBLE"),
        _variable("CAPITAL", "DOUBLE"),
        _variable("BIT", "LONG"),
        _variable("PLACE", "LONG"),
        _variable("NOTE", "STRING"),
        _variable("FAMILY", "STRING", key="FAMILIE"),
        _variable("TAX", "DOUBLE", yearly=True),
    ]


def _variable(
    name: str, data_type: str, *, codes: tuple[str, ...] = (), key: str | None = None, yearly: bool = False
) -> RegisterVariable:
    return RegisterVariable(
        name=name,
        title=same(name.title()),
        unit_type="PERSON",
        value_unit_type=key,
        temporality="ACCUMULATED" if yearly else "FIXED",
        data_type=data_type,  # type: ignore[arg-type]
        sensitivity="PERSON_GENERAL",
        codes=tuple(Code(code, same(f"Code {code}")) for code in codes),
        description=same(""),
        valid_from=datetime.date(DAY.year, 1, 1) if yearly else None,
        valid_until=DAY if yearly else None,
        status_dates=(),
        table=name,
    )
