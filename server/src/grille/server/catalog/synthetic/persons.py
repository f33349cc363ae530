"""Persons: sex, birth, immigration, emigration and death; BEFOLKNING_FOEDSELS_AAR_MND and BEFOLKNING_KJOENN."""

from __future__ import annotations

import duckdb

from grille.server.catalog.synthetic import distributions
from grille.server.catalog.synthetic.calendar import HORIZON, REGISTER_START, Years, days

_PERSON = """
CREATE TABLE person AS
WITH fate AS (
  SELECT unit, uniform(unit, 'fate') AS f,
    -- a death day for all; it counts for those who die before the horizon
    $first_death + floor(uniform(unit, 'death day') * ($horizon - $first_death))::INTEGER AS some_death,
    (365.25 * (draw('death_age', uniform(unit, 'death age')) + uniform(unit, 'death part')))::INTEGER AS life,
    2024 - draw('living_age', uniform(unit, 'age')) AS some_year
  FROM unit_number
), born AS (
  SELECT unit,
    CASE WHEN f < 0.06 THEN some_death END AS death,
    f BETWEEN 0.06 AND 0.10 AND some_year < 2020 AS leaves,
    CASE WHEN f < 0.06 THEN some_death - life ELSE
      epoch_days(make_date(some_year, 1 + floor(uniform(unit, 'month') * 12)::INTEGER,
                           1 + floor(uniform(unit, 'day') * 28)::INTEGER)) END AS birth
  FROM fate
), origin AS (
  SELECT unit, death, leaves, birth, year(days_date(birth))::SMALLINT AS birth_year,
    month(days_date(birth))::TINYINT AS birth_month,
    uniform(unit, 'sex') < 0.508 - 0.004 * greatest(0, 1964 - year(days_date(birth))) AS man,
    uniform(unit, 'origin') < CASE
      WHEN year(days_date(birth)) >= 2015 THEN 0.05
      WHEN year(days_date(birth)) >= 2005 THEN 0.11
      WHEN year(days_date(birth)) >= 1980 THEN 0.24
      WHEN year(days_date(birth)) >= 1965 THEN 0.20
      ELSE 0.07 END AS foreign_born
  FROM born
), arrival AS (
  SELECT *, CASE WHEN foreign_born THEN
    birth + (365.25 * greatest(0.2, 27 + 9 * normal(unit, 'arrival age')))::INTEGER END AS wanted_arrival,
    coalesce(death, $horizon) AS last_day
  FROM origin
), arrived AS (
  SELECT *, CASE WHEN wanted_arrival < last_day - 400 THEN wanted_arrival
    WHEN foreign_born THEN birth + floor(uniform(unit, 'arrival') * (last_day - birth))::INTEGER END AS arrival
  FROM arrival
), entered AS (
  SELECT *, greatest($start, coalesce(arrival, birth)) AS entry FROM arrived
)
SELECT unit, man, birth, birth_year, birth_month, foreign_born, entry, death,
  CASE WHEN leaves AND last_day - entry > 800
    THEN entry + 400 + floor(uniform(unit, 'departure') * (last_day - entry - 400))::INTEGER
    ELSE death END AS exit
FROM entered ORDER BY unit
"""

_MACROS = """
CREATE MACRO days_date(d) AS DATE '1970-01-01' + d::INTEGER;
CREATE MACRO epoch_days(d) AS (d::DATE - DATE '1970-01-01')::INTEGER;
"""


def prepare(connection: duckdb.DuckDBPyConnection, _years: Years, _seed: int) -> None:
    """Make the table person: unit, man, birth, birth_year, birth_month, foreign_born, entry, death, exit.

    Days are counted from 1970-01-01. `entry` is the first known day of residence and `exit` the last, null for
    residents at the horizon; nobody is resident outside.
    """
    distributions.install(connection)
    connection.execute(_MACROS)
    connection.execute(
        _PERSON,
        {
            "first_death": days(1992, 1, 1),
            "start": days(REGISTER_START.year, REGISTER_START.month, REGISTER_START.day),
            "horizon": days(HORIZON.year, HORIZON.month, HORIZON.day),
        },
    )


def write_birth_month(connection: duckdb.DuckDBPyConnection, _years: Years) -> None:
    """Write BEFOLKNING_FOEDSELS_AAR_MND: year and month of birth as YYYYMM."""
    connection.execute("""
        CREATE TABLE bank.BEFOLKNING_FOEDSELS_AAR_MND AS
        SELECT unit, birth_year::BIGINT * 100 + birth_month AS value FROM person ORDER BY unit""")


def write_sex(connection: duckdb.DuckDBPyConnection, _years: Years) -> None:
    """Write BEFOLKNING_KJOENN: 1 man, 2 woman."""
    connection.execute("""
        CREATE TABLE bank.BEFOLKNING_KJOENN AS
        SELECT unit, CASE WHEN man THEN '1' ELSE '2' END AS value FROM person ORDER BY unit""")
