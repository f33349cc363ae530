"""Employment: who works in which year and in which occupation; REGSYS_ARB_YRKE_STYRK08."""

from __future__ import annotations

import duckdb

from grille.server.catalog.synthetic.calendar import Years, days
from grille.server.catalog.synthetic.draws import add_distribution, buckets, insert
from grille.server.catalog.synthetic.occupations import (
    CLASSES,
    MAJOR_GROUPS,
    detailed_shares,
    major_shares,
    occupations,
)

FIRST_YEAR = 2015
LAST_YEAR = 2024

_MAJOR_BUCKETS = 1 << 14
_CODE_BUCKETS = 1 << 13

# the draws are laid end to end: class and sex, or major group and sex, choose the part of the list
_MACROS = """
CREATE MACRO major_group(school_class, man, u) AS draw('major', (2 * (school_class - 1) + man::INTEGER + u) / 8);
CREATE MACRO occupation_number(major, man, u) AS draw('occupation', (2 * major + man::INTEGER + u) / 20);
CREATE MACRO works(age, man, school_group, foreign_born, u) AS u <
  CASE WHEN age < 15 OR age > 74 THEN 0 WHEN age < 18 THEN 0.18 WHEN age < 22 THEN 0.55 WHEN age < 26 THEN 0.70
    WHEN age < 56 THEN 0.86 WHEN age < 62 THEN 0.78 WHEN age < 67 THEN 0.52 WHEN age < 70 THEN 0.18 ELSE 0.08 END
  * CASE school_group WHEN 1 THEN 0.86 WHEN 2 THEN 1 WHEN 5 THEN 0.8 ELSE 1.08 END
  * CASE WHEN man THEN 1 ELSE 0.96 END * CASE WHEN foreign_born THEN 0.92 ELSE 1 END;
"""

# most keep what they do from year to year; three of ten change occupation once between 2015 and 2024
_WORKER = """
INSERT INTO worker
WITH resident AS (
  SELECT p.unit, man, p.foreign_born, $year - birth_year AS age, exit,
    CASE WHEN day4 < $day THEN 4 WHEN day3 < $day THEN 3 WHEN day2 < $day THEN 2 WHEN day5 < $day THEN 5
      ELSE 1 END::TINYINT AS school_group,
    uniform(p.unit, 'steady') < 0.85 AS steady,
    uniform(p.unit, 'switches') < 0.3 AND 2015 + floor(10 * uniform(p.unit, 'switch year')) <= $year AS switched
  FROM person p JOIN schooling s ON s.unit = p.unit
  WHERE entry <= $day AND coalesce(exit, 99999) >= $day AND $year - birth_year BETWEEN 15 AND 74
), active AS (
  SELECT *, CASE WHEN school_group = 5 THEN 2 ELSE school_group END AS school_class
  FROM resident
  WHERE works(age, man, school_group, foreign_born,
    CASE WHEN steady THEN uniform(unit, 'works') ELSE uniform(unit, 'works ' || $year) END)
), placed AS (
  SELECT *, major_group(school_class, man,
    CASE WHEN switched THEN uniform(unit, 'major 2') ELSE uniform(unit, 'major') END) AS major
  FROM active
)
SELECT $year, unit, school_group, occupation_number(major, man,
    CASE WHEN switched THEN uniform(unit, 'occupation 2') ELSE uniform(unit, 'occupation') END),
  -- some wages come from jobs that ended before November or have no code
  coalesce(exit, 99999) >= $november AND uniform(unit, 'in november ' || $year) < 0.96
FROM placed ORDER BY unit
"""


def prepare(connection: duckdb.DuckDBPyConnection, years: Years, _seed: int) -> None:
    """Make the tables worker (year, unit, school_group, occupation, in_november) and occupation (number, code)."""
    codes = [row.code for row in occupations()]
    connection.execute("CREATE TABLE occupation (number INTEGER, code VARCHAR)")
    insert(connection, "occupation", {"number": range(len(codes)), "code": codes})
    majors: list[int] = []
    for education_class in range(len(CLASSES)):
        for man in (False, True):
            majors += buckets(dict(enumerate(major_shares(education_class, man=man))), _MAJOR_BUCKETS)
    add_distribution(connection, "major", majors)
    details: list[int] = []
    for major in MAJOR_GROUPS:
        for man in (False, True):
            shares = detailed_shares(major, man=man)
            details += buckets({codes.index(code): share for code, share in shares.items()}, _CODE_BUCKETS)
    add_distribution(connection, "occupation", details)
    connection.execute(_MACROS)
    connection.execute("""
        CREATE TABLE worker (year SMALLINT, unit UINTEGER, school_group TINYINT, occupation SMALLINT,
          in_november BOOLEAN)""")
    for year in range(years.first, years.last + 1):
        connection.execute(_WORKER, {"year": year, "day": days(year, 1, 1), "november": days(year, 11, 16)})


def write_occupation(connection: duckdb.DuckDBPyConnection, years: Years) -> None:
    """Write REGSYS_ARB_YRKE_STYRK08: the occupation on 16 November of those who work then."""
    connection.execute(
        "CREATE TABLE bank.REGSYS_ARB_YRKE_STYRK08 (unit UINTEGER, value VARCHAR, start INTEGER, stop INTEGER)"
    )
    for year in years.within(FIRST_YEAR, LAST_YEAR):
        connection.execute(
            """
            INSERT INTO bank.REGSYS_ARB_YRKE_STYRK08
            SELECT unit, code, $day, $day FROM worker JOIN occupation ON number = worker.occupation
            WHERE year = $year AND in_november ORDER BY unit""",
            {"year": year, "day": days(year, 11, 16)},
        )
