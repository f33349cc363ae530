"""A synthetic register on disk, and what a researcher would import from it to explain wages."""

from __future__ import annotations

from pathlib import Path

import duckdb

from grille.server.catalog.encrypted_duckdb import Limits
from grille.server.catalog.synthetic import synthesize
from grille.server.catalog.synthetic.calendar import Years

BANK, KEY, SECRET = "no.ssb.fdb", "a1" * 32, b"record-secret-of-32-bytes-length"
VERSION = 30
SEED = 7
PERSONS = 200_000


def make(
    folder: Path, persons: int = PERSONS, seed: int = SEED, *, years: Years | None = None, limits: Limits | None = None
) -> Path:
    """Make a register in `folder` and return the folder."""
    synthesize(folder, BANK, VERSION, persons, seed, KEY, SECRET, years=years, limits=limits)
    return folder


def one(connection: duckdb.DuckDBPyConnection, query: str) -> object:
    """Return the first column of the first row."""
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


WAGES_2022 = """
    SELECT w.value AS wage, 2022 - b.value // 100 AS age, (k.value = '1')::INTEGER AS man,
      coalesce((m.value = '2')::INTEGER, 0) AS married, c.value AS children,
      (s.value IN ('1', '2'))::INTEGER AS high_background, coalesce(e.value[1], '2') AS level, r.value[1:2] AS county,
      coalesce(o.value, '') AS occupation
    FROM INNTEKT_LONN w JOIN BEFOLKNING_FOEDSELS_AAR_MND b USING (unit) JOIN BEFOLKNING_KJOENN k USING (unit)
    JOIN NUDB_SOSBAK s USING (unit) JOIN BEFOLKNING_BARN_I_REGSTAT_FAMNR c ON c.unit = w.unit AND c.start = 18993
    JOIN BOSATTEFDT_BOSTED r ON r.unit = w.unit AND r.start <= 18993 AND coalesce(r.stop, 99999) >= 18993
    LEFT JOIN SIVSTANDFDT_SIVSTAND m ON m.unit = w.unit AND m.start <= 18993 AND coalesce(m.stop, 99999) >= 18993
    LEFT JOIN NUDB_BU e ON e.unit = w.unit AND e.start <= 18993 AND coalesce(e.stop, 99999) >= 18993
    LEFT JOIN REGSYS_ARB_YRKE_STYRK08 o ON o.unit = w.unit AND o.start = 19312
    WHERE w.start = 18993 ORDER BY w.unit"""
"""Wages of 2022 with everything else as on 1 January 2022, occupation as on 16 November."""

SCHOOLS = {"low": "012", "middle": "345", "bachelor": "6", "master": "78", "unknown": "9"}
GROUP_OF_LEVEL = {level: group for group, levels in SCHOOLS.items() for level in levels}
