"""The synthetic register hangs together and depends on its seed alone."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pytest
from support.synthetic_register import BANK, KEY, PERSONS, SECRET, VERSION, make, one

from grille.server.catalog import bank_file, banks
from grille.server.catalog.encrypted_duckdb import Limits
from grille.server.catalog.synthetic.calendar import Years
from grille.server.disclosure.sketch import record_keys, sketch_columns, unit_elements

TABLES = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'bank' ORDER BY 1"


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = make(tmp_path_factory.mktemp("register"), years=Years(2021, 2022))
    with bank_file.open_version(folder, BANK, VERSION, KEY) as connection:
        connection.execute("USE bank")
        yield connection


def _contents(folder: Path) -> dict[str, tuple[object, ...]]:
    """Fingerprint of every table: its rows in their order."""
    with bank_file.open_version(folder, BANK, VERSION, KEY) as connection:
        names = [name for (name,) in connection.execute(TABLES).fetchall()]
        return {
            name: connection.execute(
                f'SELECT count(*), bit_xor(hash(t)), bit_xor(hash(t, rowid)) FROM bank."{name}" t'
            ).fetchone()
            for name in names
        }


def test_the_same_seed_gives_the_same_rows_with_any_number_of_threads(tmp_path: Path) -> None:
    one = _contents(make(tmp_path / "one", 20_000, 3, limits=Limits(threads=1)))
    many = _contents(make(tmp_path / "many", 20_000, 3, limits=Limits(threads=4, memory="500MB")))
    other = _contents(make(tmp_path / "other", 20_000, 4, limits=Limits(threads=2)))
    assert one == many
    # tables that depend on the secret alone are equal for another seed, all others differ
    assert {name for name in one if one[name] == other[name]} == {"units_PERSON"}


def test_metadata_describe_what_the_tables_hold(register: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = register.execute("SELECT path FROM duckdb_databases() WHERE database_name = 'bank'").fetchone()[0]
    metadata = banks.load_metadata(Path(path).parents[2], BANK, VERSION)
    tables = {name for (name,) in register.execute(TABLES).fetchall()}
    assert {variable.table for variable in metadata.variables.values()} | {"units_PERSON", "units_FAMILIE"} == tables
    types = {"STRING": "VARCHAR", "LONG": "BIGINT", "DOUBLE": "DOUBLE"}
    for variable in metadata.variables.values():
        columns = {row[0]: row[1] for row in register.execute(f'DESCRIBE "{variable.table}"').fetchall()}
        expected = "UINTEGER" if variable.value_unit_type else types[variable.data_type]
        dates = {} if variable.temporality == "FIXED" else {"start": "INTEGER", "stop": "INTEGER"}
        assert columns == {"unit": "UINTEGER", "value": expected} | dates, variable.name
        assert one(register, f'SELECT count(*) FROM "{variable.table}" WHERE value IS NULL') == 0
        if variable.codes:
            known = {code.code for code in variable.codes}
            used = {value for (value,) in register.execute(f'SELECT DISTINCT value FROM "{variable.table}"').fetchall()}
            assert used <= known, variable.name
        if variable.valid_from:
            first, last = register.execute(f"""
                SELECT min(DATE '1970-01-01' + start), max(DATE '1970-01-01' + start) FROM "{variable.table}"
                """).fetchone()
            assert variable.valid_from <= first, variable.name
            assert last <= variable.valid_until, variable.name
        if variable.temporality == "STATUS":
            used = {
                day
                for (day,) in register.execute(f"""
                SELECT DISTINCT DATE '1970-01-01' + start FROM "{variable.table}" WHERE start = stop""").fetchall()
            }
            assert used == set(variable.status_dates), variable.name


@pytest.mark.parametrize("table", ["BOSATTEFDT_BOSTED", "SIVSTANDFDT_SIVSTAND", "NUDB_BU", "INNTEKT_LONN"])
def test_spells_of_a_unit_never_overlap(register: duckdb.DuckDBPyConnection, table: str) -> None:
    assert one(register, f"SELECT count(*) FROM {table} WHERE stop < start") == 0
    overlaps = f"""
        SELECT count(*) FROM (
          SELECT start, max(coalesce(stop, 99999)) OVER (
            PARTITION BY unit ORDER BY start ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest_stop
          FROM {table}) WHERE start <= latest_stop"""
    assert one(register, overlaps) == 0


@pytest.mark.parametrize(
    "table", ["BEFOLKNING_BARN_I_REGSTAT_FAMNR", "BEFOLKNING_REGSTAT_FAMNR", "REGSYS_ARB_YRKE_STYRK08"]
)
def test_a_unit_has_one_value_per_status_date(register: duckdb.DuckDBPyConnection, table: str) -> None:
    assert one(register, f"SELECT count(*) - count(DISTINCT (unit, start)) FROM {table}") == 0


def test_children_are_neither_married_nor_educated_nor_at_work(register: duckdb.DuckDBPyConnection) -> None:
    born = "JOIN BEFOLKNING_FOEDSELS_AAR_MND b USING (unit)"
    age = "year(DATE '1970-01-01' + start) - b.value // 100"
    assert one(register, f"SELECT min({age}) FROM SIVSTANDFDT_SIVSTAND s {born} WHERE s.value = '2'") >= 18
    assert one(register, f"SELECT min({age}) FROM NUDB_BU e {born}") >= 16
    assert one(register, f"SELECT min({age}) FROM NUDB_BU e {born} WHERE e.value[1] IN ('7', '8')") >= 23
    assert one(register, f"SELECT min({age}) FROM INNTEKT_LONN w {born}") >= 15
    assert one(register, f"SELECT max({age}) FROM INNTEKT_LONN w {born}") <= 74
    assert one(register, f"SELECT min({age}) FROM REGSYS_ARB_YRKE_STYRK08 o {born}") >= 15
    assert one(register, "SELECT count(*) FROM INNTEKT_LONN WHERE value <= 0") == 0


def test_ages_go_from_0_to_105_and_look_like_a_population(register: duckdb.DuckDBPyConnection) -> None:
    ages = register.execute("""
        SELECT 2022 - b.value // 100 AS age FROM BOSATTEFDT_BOSTED r JOIN BEFOLKNING_FOEDSELS_AAR_MND b USING (unit)
        WHERE start <= 19357 AND coalesce(stop, 99999) >= 19357""").fetchnumpy()["age"]
    assert ages.min() == 0
    assert 99 <= ages.max() <= 105
    assert np.mean(ages < 18) == pytest.approx(0.205, abs=0.02)
    assert np.mean(ages >= 67) == pytest.approx(0.165, abs=0.03)
    assert np.mean(ages >= 90) == pytest.approx(0.008, abs=0.004)


def test_the_dead_and_the_emigrated_are_not_resident(register: duckdb.DuckDBPyConnection) -> None:
    resident = "SELECT unit FROM BOSATTEFDT_BOSTED WHERE start <= 18993 AND coalesce(stop, 99999) >= 18993"
    count = one(register, f"SELECT count(*) FROM ({resident})")
    assert 0.80 * PERSONS < count < 0.95 * PERSONS
    for table in ("INNTEKT_LONN", "BEFOLKNING_REGSTAT_FAMNR", "BEFOLKNING_BARN_I_REGSTAT_FAMNR"):
        assert one(register, f"SELECT count(*) FROM {table} WHERE start = 18993 AND unit NOT IN ({resident})") == 0
    families = "SELECT unit FROM BEFOLKNING_REGSTAT_FAMNR WHERE start = 18993"
    assert one(register, f"SELECT count(*) FROM ({resident}) WHERE unit NOT IN ({families})") == 0


def test_county_shares_are_near_the_real_ones(register: duckdb.DuckDBPyConnection) -> None:
    shares = dict(
        register.execute("""
        SELECT value[1:2], count(*) / sum(count(*)) OVER () FROM BOSATTEFDT_BOSTED
        WHERE start <= 18993 AND coalesce(stop, 99999) >= 18993 GROUP BY 1""").fetchall()
    )
    real = {"03": 0.129, "11": 0.090, "15": 0.049, "18": 0.044, "30": 0.234, "34": 0.068, "38": 0.078, "42": 0.057,
            "46": 0.118, "50": 0.087, "54": 0.045}  # fmt: skip
    assert shares == pytest.approx(real, abs=0.01)
    assert one(register, "SELECT count(DISTINCT value) FROM BOSATTEFDT_BOSTED") == 356


def test_a_family_is_named_after_its_eldest_and_counts_its_children(register: duckdb.DuckDBPyConnection) -> None:
    register.execute("""
        CREATE OR REPLACE TEMP TABLE member AS
        SELECT f.unit, f.value AS family, c.value AS children, b.value AS born
        FROM BEFOLKNING_REGSTAT_FAMNR f
        JOIN BEFOLKNING_BARN_I_REGSTAT_FAMNR c ON c.unit = f.unit AND c.start = f.start
        JOIN BEFOLKNING_FOEDSELS_AAR_MND b ON b.unit = f.unit WHERE f.start = 18993""")
    # the eldest is a member of the family, and nobody in it is older
    assert (
        one(
            register,
            "SELECT count(*) FROM (SELECT family FROM member GROUP BY family "
            "HAVING NOT bool_or(unit = family) OR min(born) < min(born) FILTER (unit = family))",
        )
        == 0
    )
    # 0 to 17 years on 1 January 2022: born after 1 January 2004; those born in that very month may be either
    wrong = """
        SELECT count(*) FROM (SELECT family, min(children) AS low, max(children) AS high,
          count(*) FILTER (born > 200401) AS sure, count(*) FILTER (born >= 200401) AS most
          FROM member GROUP BY family) WHERE low <> high OR low < sure OR low > most"""
    assert one(register, wrong) == 0
    assert one(register, "SELECT max(n) FROM (SELECT count(*) AS n FROM member GROUP BY family)") < 20
    only_child = "SELECT avg((children = 1)::INTEGER) FROM member"
    assert 0.12 < one(register, only_child) < 0.20


def test_partners_share_a_family_and_a_home(register: duckdb.DuckDBPyConnection) -> None:
    together = """
        SELECT count(DISTINCT r.value) AS homes FROM BEFOLKNING_REGSTAT_FAMNR f
        JOIN BOSATTEFDT_BOSTED r ON r.unit = f.unit AND r.start <= 18993 AND coalesce(r.stop, 99999) >= 18993
        WHERE f.start = 18993 GROUP BY f.value HAVING count(*) > 1"""
    assert one(register, f"SELECT count(*) FILTER (homes = 1) / count(*) FROM ({together})") > 0.98


def test_units_carry_the_bank_secret(register: duckdb.DuckDBPyConnection) -> None:
    columns = register.execute("SELECT * FROM units_PERSON ORDER BY unit LIMIT 1000").fetchnumpy()
    units = columns["unit"].astype(np.uint32)
    assert np.array_equal(units, np.arange(1000, dtype=np.uint32))
    assert np.array_equal(columns["record_key"], record_keys(units, SECRET))
    words = np.column_stack([columns[f"s{word}"] for word in range(6)])
    assert np.array_equal(words, sketch_columns(unit_elements(units, SECRET)))
    families = "SELECT DISTINCT value AS unit FROM BEFOLKNING_REGSTAT_FAMNR"
    assert one(register, f"SELECT count(*) FROM units_FAMILIE ANTI JOIN ({families}) USING (unit)") == 0
    assert one(register, f"SELECT count(*) FROM ({families}) ANTI JOIN units_FAMILIE USING (unit)") == 0


def test_social_background_is_the_parents_education_and_is_sometimes_unknown(
    register: duckdb.DuckDBPyConnection,
) -> None:
    unknown = one(register, "SELECT avg((value = '9')::INTEGER) FROM NUDB_SOSBAK")
    assert 0.03 < unknown < 0.08
    level = dict(
        register.execute("""
        SELECT s.value, avg(e.value[1]::INTEGER) FROM NUDB_SOSBAK s JOIN NUDB_BU e USING (unit)
        JOIN BEFOLKNING_FOEDSELS_AAR_MND b USING (unit)
        WHERE e.stop IS NULL AND e.value[1] < '9' AND b.value // 100 BETWEEN 1970 AND 1990 GROUP BY 1""").fetchall()
    )
    assert level["1"] > level["2"] + 0.2 > level["3"] + 0.4 > level["4"] + 0.6
