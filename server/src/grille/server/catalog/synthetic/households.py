"""Families on 1 January: BEFOLKNING_REGSTAT_FAMNR and BEFOLKNING_BARN_I_REGSTAT_FAMNR."""

from __future__ import annotations

import duckdb

from grille.server.catalog.synthetic.calendar import Years, days

# a couple with the children of either, a parent with children, or one person; the anchor is the woman of a couple
_HOUSEHOLD = """
INSERT INTO household
WITH resident AS MATERIALIZED (
  SELECT unit, birth FROM person WHERE entry <= $day AND coalesce(exit, 99999) >= $day
), together AS MATERIALIZED (
  SELECT wife, husband, CASE WHEN h.birth <= w.birth THEN husband ELSE wife END AS elder
  FROM couple JOIN resident w ON w.unit = wife JOIN resident h ON h.unit = husband
  WHERE union_start <= $day AND coalesce(union_end, 99999) >= $day
), child AS MATERIALIZED (
  SELECT c.unit, coalesce(m.unit, f.unit, c.unit) AS guardian
  FROM resident c LEFT JOIN parents ON parents.unit = c.unit
  LEFT JOIN resident m ON m.unit = mother LEFT JOIN resident f ON f.unit = father
  WHERE c.birth > $adult_birth
), anchored AS MATERIALIZED (
  SELECT r.unit, coalesce(child.guardian, together.wife, r.unit) AS anchor
  FROM resident r LEFT JOIN child ON child.unit = r.unit LEFT JOIN together ON together.husband = r.unit
), size AS MATERIALIZED (
  SELECT guardian, count(*) AS children FROM child GROUP BY guardian
)
SELECT $day, unit, coalesce(elder, anchor), coalesce(children, 0)
FROM anchored LEFT JOIN size ON size.guardian = anchor LEFT JOIN together ON together.wife = anchor
ORDER BY unit
"""


def first_days(years: Years) -> tuple[int, ...]:
    """Return the first days of the years, and of the year after the last one, in days since 1970-01-01."""
    return tuple(days(year, 1, 1) for year in range(years.first, years.last + 2))


def prepare(connection: duckdb.DuckDBPyConnection, years: Years, _seed: int) -> None:
    """Make the table household: day, unit, family (number of its eldest member), children (0 to 17 years)."""
    connection.execute("CREATE TABLE household (day INTEGER, unit UINTEGER, family UINTEGER, children UTINYINT)")
    for year in range(years.first, years.last + 2):
        connection.execute(_HOUSEHOLD, {"day": days(year, 1, 1), "adult_birth": days(year - 18, 1, 1)})


def write_children(connection: duckdb.DuckDBPyConnection, _years: Years) -> None:
    """Write BEFOLKNING_BARN_I_REGSTAT_FAMNR: children of 0 to 17 years in the family."""
    connection.execute("""
        CREATE TABLE bank.BEFOLKNING_BARN_I_REGSTAT_FAMNR AS
        SELECT unit, children::BIGINT AS value, day AS start, day AS stop FROM household""")


def write_family(connection: duckdb.DuckDBPyConnection, _years: Years) -> None:
    """Write BEFOLKNING_REGSTAT_FAMNR: the family, numbered as its eldest member."""
    connection.execute("""
        CREATE TABLE bank.BEFOLKNING_REGSTAT_FAMNR AS
        SELECT unit, family AS value, day AS start, day AS stop FROM household""")
