"""Couples: who lives with whom, from when to when, and whether they marry, separate, divorce or are widowed."""

from __future__ import annotations

import duckdb

from grille.server.catalog.synthetic.calendar import HORIZON, Years, days

# one union in a life; men and women are paired within a birth year of the woman, in random order
_COUPLE = """
CREATE TABLE couple AS
WITH woman AS (
  SELECT unit, birth, birth_year AS bin, death, entry, exit,
    row_number() OVER (PARTITION BY birth_year ORDER BY uniform(unit, 'pairing'), unit) AS place
  FROM person WHERE NOT man AND uniform(unit, 'pairs') < 0.86
), man AS (
  SELECT unit, birth, birth_year + floor(2.5 + 2.5 * normal(unit, 'age gap'))::SMALLINT AS bin, death, entry, exit,
    row_number() OVER (PARTITION BY birth_year + floor(2.5 + 2.5 * normal(unit, 'age gap'))::SMALLINT
      ORDER BY uniform(unit, 'pairing'), unit) AS place
  FROM person WHERE man AND uniform(unit, 'pairs') < 0.86
), pair AS (
  SELECT w.unit AS wife, m.unit AS husband, w.bin AS wife_year,
    greatest(m.birth + 6750, w.birth + (365.25 * (CASE WHEN w.bin < 1950 THEN 19 ELSE 20 END
      - 2.8 * ln(uniform(w.unit, 'union a')) - 2.8 * ln(uniform(w.unit, 'union b'))))::INTEGER) AS union_start,
    -- the first death of the two, or a day that never comes
    least(coalesce(w.death, 99999), coalesce(m.death, 99999)) AS last_day
  FROM woman w JOIN man m USING (bin, place)
), wed AS (
  SELECT *, least(last_day, $horizon) AS end_day,
    uniform(wife, 'wedding') < CASE WHEN wife_year < 1950 THEN 0.96 WHEN wife_year < 1970 THEN 0.86 ELSE 0.74 END
      AS weds,
    union_start + (365.25 * CASE WHEN wife_year < 1950 THEN uniform(wife, 'wait')
      ELSE 8 * uniform(wife, 'wait') * uniform(wife, 'wait 2') END)::INTEGER AS wedding
  FROM pair
), married AS (
  SELECT *, CASE WHEN weds AND wedding < end_day THEN wedding END AS marriage,
    uniform(wife, 'break') < CASE WHEN NOT weds THEN 0.30 WHEN wife_year < 1945 THEN 0.14 ELSE 0.30 END AS breaks,
    (400 - 365.25 * 6 * (ln(uniform(wife, 'break a')) + ln(uniform(wife, 'break b'))))::INTEGER AS lasts
  FROM wed WHERE union_start < end_day
), broken AS (
  SELECT *, CASE WHEN breaks AND coalesce(marriage, union_start) + lasts < end_day
    AND (marriage IS NOT NULL OR NOT weds) THEN coalesce(marriage, union_start) + lasts END AS break_day
  FROM married
), parted AS (
  SELECT *, CASE WHEN marriage IS NOT NULL THEN break_day END AS separation,
    break_day + 370 + floor(uniform(wife, 'decree') * 300)::INTEGER AS decree
  FROM broken
)
SELECT wife, husband, union_start,
  CASE WHEN break_day IS NOT NULL THEN break_day - 1 WHEN last_day < 99999 THEN last_day END AS union_end,
  marriage, separation, CASE WHEN marriage IS NOT NULL AND decree < end_day THEN decree END AS divorce,
  CASE WHEN last_day < 99999 THEN last_day END AS first_death
FROM parted ORDER BY wife
"""


def prepare(connection: duckdb.DuckDBPyConnection, _years: Years, _seed: int) -> None:
    """Make the table couple: wife, husband, union_start, union_end, marriage, separation, divorce, first_death.

    `union_end` is the last day together; null days never came before the horizon. A couple without a marriage day
    lives together unmarried.
    """
    connection.execute(_COUPLE, {"horizon": days(HORIZON.year, HORIZON.month, HORIZON.day)})
