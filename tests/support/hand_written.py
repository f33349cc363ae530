"""The example script as a statistician would write it by hand: DuckDB and numpy, no protection, no service.

The models go through the same least-squares and likelihood code as the server's; only the reading is written here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np

from grille.server.catalog import bank_file
from grille.server.operations.home import Home
from grille.server.operations.keys import load_keys
from grille.server.plan.aggregates import Batch, FactorLevels
from grille.server.statistics.design import DesignSpec, DesignTerm, DesignVariable, expand
from grille.server.statistics.moments import collect_moments
from grille.server.statistics.ols import fit_ols
from grille.server.statistics.reml import fit_mixed

DAY = 19_357  # 2022-12-31

POPULATION = f"""
CREATE TABLE people AS
SELECT r.unit, r.value AS residence, 2022 - (b.value // 100) AS age
FROM bank.main."BOSATTEFDT_BOSTED" r JOIN bank.main."BEFOLKNING_FOEDSELS_AAR_MND" b USING (unit)
WHERE r.start <= {DAY} AND (r.stop IS NULL OR r.stop >= {DAY}) AND 2022 - (b.value // 100) BETWEEN 20 AND 60
"""

VARIABLES = f"""
CREATE TABLE rows AS
SELECT p.age::DOUBLE AS age, w.value AS wage, (sex.value = '1')::DOUBLE AS man, (civil.value = '2')::DOUBLE AS married,
    children.value::DOUBLE AS children, (background.value IN ('1', '2'))::DOUBLE AS high_background,
    TRY_CAST(substr(education.value, 1, 1) AS TINYINT) AS edu_level,
    TRY_CAST(substr(occupation.value, 1, 1) AS TINYINT) AS occ_group, substr(p.residence, 1, 2)::TINYINT AS county,
    CASE WHEN substr(p.residence, 1, 2) IN ('50', '18', '54') THEN 2 ELSE 1 END::TINYINT AS part,
    CASE WHEN edu_level <= 2 THEN 1 WHEN edu_level <= 5 THEN 2 WHEN edu_level <= 8 THEN 3 END::TINYINT AS edu_group
FROM people p
LEFT JOIN bank.main."BEFOLKNING_KJOENN" sex USING (unit)
LEFT JOIN (SELECT * FROM bank.main."INNTEKT_LONN" WHERE start <= {DAY} AND stop >= {DAY}) w USING (unit)
LEFT JOIN (SELECT * FROM bank.main."SIVSTANDFDT_SIVSTAND"
    WHERE start <= {DAY} AND (stop IS NULL OR stop >= {DAY})) civil USING (unit)
LEFT JOIN (SELECT * FROM bank.main."BEFOLKNING_BARN_I_REGSTAT_FAMNR" WHERE start = 18993) children USING (unit)
LEFT JOIN bank.main."NUDB_SOSBAK" background USING (unit)
LEFT JOIN (SELECT * FROM bank.main."NUDB_BU"
    WHERE start <= 19236 AND (stop IS NULL OR stop >= 19236)) education USING (unit)
LEFT JOIN (SELECT * FROM bank.main."REGSYS_ARB_YRKE_STYRK08" WHERE start = 19312) occupation USING (unit)
"""

COLUMNS = ("age", "wage", "children", "edu_level", "occ_group", "county", "part", "edu_group")
TERMS = ("man", "married", "children", "high_background", "age")


def run_by_hand(home: Path, bank: str, version: int) -> float:
    """Compute every number of the example script; return the time in seconds."""
    key = load_keys(Home(home)).bank_key(bank)
    with bank_file.open_version(Home(home).banks, bank, version, key) as connection:
        start = time.perf_counter()
        connection.execute("ATTACH ':memory:' AS work; USE work")
        connection.execute(POPULATION)
        connection.execute(VARIABLES)
        connection.execute(f"SELECT count(*), {', '.join(f'count({name})' for name in COLUMNS)} FROM rows").fetchall()
        _describe(connection)
        _models(connection)
        return time.perf_counter() - start


def _describe(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("SELECT county, part, count(*) FROM rows GROUP BY CUBE (county, part)").fetchall()
    shares = "[0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]"
    for group in ("county", "part", "edu_level", "occ_group"):
        connection.execute(
            f"SELECT {group}, count(wage), quantile_cont(wage, {shares}), avg(wage) FROM rows GROUP BY {group}"
        ).fetchall()
    low, high = connection.execute("SELECT quantile_cont(wage, 0.01), quantile_cont(wage, 0.99) FROM rows").fetchall()[
        0
    ]
    connection.execute(
        f"SELECT county, floor((greatest(least(wage, {high}), {low}) - {low}) / {(high - low) / 20}), count(*) "
        "FROM rows WHERE wage IS NOT NULL GROUP BY ALL"
    ).fetchall()
    for group in ("county", "part", "edu_level", "occ_group"):
        connection.execute(
            f"SELECT {group}, count(wage), avg(greatest(least(wage, {high}), {low})), "
            f"stddev(greatest(least(wage, {high}), {low})) FROM rows GROUP BY CUBE ({group})"
        ).fetchall()


def _models(connection: duckdb.DuckDBPyConnection) -> None:
    _fit(connection, ("edu_group",), ())
    for groups in (("part",), ("county",), ("part", "county")):
        _fit(connection, ("edu_group",), groups)
    for groups in (("edu_level",), ("occ_group",), ("edu_level", "occ_group")):
        _fit(connection, ("edu_group", "county"), groups)


def _fit(connection: duckdb.DuckDBPyConnection, factors: tuple[str, ...], groups: tuple[str, ...]) -> None:
    numbers = (*TERMS, "wage")
    coded = tuple(dict.fromkeys((*factors, *groups)))
    where = " AND ".join(f"{name} IS NOT NULL" for name in (*numbers, *coded))
    levels = {
        name: tuple(
            float(v)
            for (v,) in connection.execute(f"SELECT DISTINCT {name} FROM rows WHERE {where} ORDER BY 1").fetchall()
        )
        for name in coded
    }
    tables = {}
    for name, found in levels.items():
        tables[name] = np.zeros(256, dtype=np.int32)
        tables[name][np.array(found, dtype=np.int64)] = np.arange(len(found))

    def passes() -> Iterator[Batch]:
        query = f"SELECT {', '.join((*numbers, *coded))} FROM rows WHERE {where}"
        for batch in connection.execute(query).to_arrow_reader(131_072):
            yield Batch(
                {name: batch[name].to_numpy() for name in numbers},
                {name: tables[name][batch[name].to_numpy()] for name in coded},
                batch.num_rows,
            )

    run: Callable[[], Iterator[Batch]] = passes
    terms = [DesignTerm((DesignVariable(name, "continuous"),)) for name in TERMS]
    terms += [DesignTerm((DesignVariable(name, "factor"),)) for name in factors]
    design = expand(DesignSpec("wage", tuple(terms)), FactorLevels(levels))
    moments = collect_moments(run, design, FactorLevels(levels), groups)
    if groups:
        fit_mixed(moments)
    else:
        fit_ols(moments)
