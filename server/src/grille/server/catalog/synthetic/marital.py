"""Marital status: SIVSTANDFDT_SIVSTAND, spells that follow from the couples."""

from __future__ import annotations

import duckdb

from grille.server.catalog.synthetic.calendar import Years, days

# an event counts from its day to the day before the next; those before the register's start collapse into the last
_MARITAL = """
CREATE TABLE bank.SIVSTANDFDT_SIVSTAND AS
WITH partner AS (
  SELECT wife AS unit, marriage, separation, divorce, first_death FROM couple
  UNION ALL
  SELECT husband, marriage, separation, divorce, first_death FROM couple
), life AS (
  SELECT p.unit, p.exit, marriage, separation, divorce, greatest(p.entry, $start) AS first_day,
    -- the survivor is widowed on the day after, unless divorced before
    CASE WHEN marriage IS NOT NULL AND divorce IS NULL AND first_death < coalesce(p.death, 99999)
      THEN first_death + 1 END AS widowed,
    CASE WHEN foreign_born AND partner.unit IS NULL AND uniform(p.unit, 'marital unknown') < 0.04
      THEN '0' ELSE '1' END AS first_status
  FROM person p LEFT JOIN partner ON partner.unit = p.unit
), event AS (
  SELECT unit, first_day, exit, unnest([
    {'day': -99999, 'status': first_status}, {'day': marriage, 'status': '2'}, {'day': separation, 'status': '5'},
    {'day': divorce, 'status': '4'}, {'day': widowed, 'status': '3'}], recursive := true)
  FROM life
), spell AS (
  SELECT unit, status AS value, greatest(day, first_day) AS start, exit,
    lead(day) OVER (PARTITION BY unit ORDER BY day) - 1 AS before_next
  FROM event WHERE day IS NOT NULL
), cut AS (
  SELECT unit, value, start, least(coalesce(before_next, 99999), coalesce(exit, 99999)) AS stop FROM spell
)
SELECT unit, value, start::INTEGER AS start, CASE WHEN stop < $last_day THEN stop END::INTEGER AS stop
FROM cut WHERE stop >= start AND start <= $last_day
ORDER BY year(days_date(start)), unit, start
"""


def write_marital_status(connection: duckdb.DuckDBPyConnection, _years: Years) -> None:
    """Write SIVSTANDFDT_SIVSTAND: 0 unknown, 1 unmarried, 2 married, 3 widowed, 4 divorced, 5 separated."""
    connection.execute(_MARITAL, {"start": days(1991, 1, 1), "last_day": days(2023, 12, 31)})
