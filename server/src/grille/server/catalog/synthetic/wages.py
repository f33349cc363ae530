"""Wages: INNTEKT_LONN from the wage equation of truth.py."""

from __future__ import annotations

import duckdb

from grille.server.catalog.synthetic.calendar import Years, days
from grille.server.catalog.synthetic.draws import insert
from grille.server.catalog.synthetic.schooling import EDUCATION_GROUPS
from grille.server.catalog.synthetic.truth import PART_TIME_SHARES, TRUTH, effects

FIRST_YEAR = 2006
LAST_YEAR = 2023

# part-time jobs and the upper tail have mean zero for everybody; a wage below 1 000 is rare and set to 1 000
_WAGE = """
INSERT INTO bank.INNTEKT_LONN
WITH married AS (
  SELECT unit FROM bank.SIVSTANDFDT_SIVSTAND
  WHERE value = '2' AND start <= $day AND coalesce(stop, 99999) >= $day
), home AS (
  SELECT unit, value[1:2] AS county FROM bank.BOSATTEFDT_BOSTED
  WHERE start <= $day AND coalesce(stop, 99999) >= $day
), earner AS (
  SELECT w.unit, w.year, w.school_group, o.code AS occupation, p.man, w.year - p.birth_year AS age,
    married.unit IS NOT NULL AS married, h.children, b.value IN ('1', '2') AS high_background,
    home.county, school_level(w.unit, w.school_group)::VARCHAR AS level,
    CASE WHEN p.man THEN $part_time_men ELSE $part_time_women END AS part_time_share,
    uniform(w.unit, 'part time') AS part_time_draw,
    uniform(w.unit, 'tail ' || $year) AS tail_draw
  FROM worker w
  JOIN occupation o ON o.number = w.occupation
  JOIN person p ON p.unit = w.unit
  JOIN home ON home.unit = w.unit
  JOIN household h ON h.unit = w.unit AND h.day = $day
  JOIN bank.NUDB_SOSBAK b ON b.unit = w.unit
  LEFT JOIN married ON married.unit = w.unit
  WHERE w.year = $year
), level_wage AS (
  SELECT e.unit,
    $constant + $trend * (e.year - 2022) + $age * e.age + $man * e.man::INTEGER + $married * e.married::INTEGER
    + $children * e.children + $high_background * e.high_background::INTEGER
    + school.effect + county.effect + level.effect + occupation.effect
    + $person_sd * normal(e.unit, 'earner') + $noise_sd * normal(e.unit, 'wage ' || $year)
    + $part_time * (part_time_share - (part_time_draw < part_time_share)::INTEGER)
    + CASE WHEN tail_draw < $tail_share THEN $tail_scale * pow(tail_draw / $tail_share, -1 / $tail_shape) ELSE 0 END
    - $tail_share * $tail_scale * $tail_shape / ($tail_shape - 1) AS wage
  FROM earner e
  JOIN effect AS county ON county.kind = 'county' AND county.code = e.county
  JOIN effect AS school ON school.kind = 'school' AND school.code = e.school_group::VARCHAR
  JOIN effect AS level ON level.kind = 'level' AND level.code = e.level
  JOIN effect AS occupation ON occupation.kind = 'occupation' AND occupation.code = e.occupation
)
SELECT unit, CASE WHEN uniform(unit, 'heaps') < 0.25 THEN round(greatest(wage, 1000), -3)
  ELSE round(greatest(wage, 1000)) END::DOUBLE, $day::INTEGER, $stop::INTEGER
FROM level_wage ORDER BY unit
"""


def prepare(connection: duckdb.DuckDBPyConnection, _years: Years, seed: int) -> None:
    """Make the table effect (kind, code, effect): kinds county, school, level and occupation."""
    drawn = effects(seed)
    rows: list[tuple[str, str, float]] = [("county", code, effect) for code, effect in drawn.county.items()]
    rows += [("school", str(number), TRUTH.education[group]) for number, group in enumerate(EDUCATION_GROUPS, start=1)]
    rows += [("level", code, effect) for code, effect in drawn.level.items()]
    rows += [("occupation", code, drawn.major[code[0]] + effect) for code, effect in drawn.detail.items()]
    connection.execute("CREATE TABLE effect (kind VARCHAR, code VARCHAR, effect DOUBLE)")
    kinds, codes, sizes = zip(*rows, strict=True)
    insert(connection, "effect", {"kind": kinds, "code": codes, "effect": sizes})


def write_wages(connection: duckdb.DuckDBPyConnection, years: Years) -> None:
    """Write INNTEKT_LONN: wage of the calendar year in NOK of those who worked."""
    connection.execute("CREATE TABLE bank.INNTEKT_LONN (unit UINTEGER, value DOUBLE, start INTEGER, stop INTEGER)")
    numbers = {
        name: getattr(TRUTH, name)
        for name in (
            "constant", "trend", "age", "man", "married", "children", "high_background", "person_sd", "noise_sd",
            "part_time", "tail_share", "tail_scale", "tail_shape",
        )
    }  # fmt: skip
    numbers |= {"part_time_men": PART_TIME_SHARES[True], "part_time_women": PART_TIME_SHARES[False]}
    for year in years.within(FIRST_YEAR, LAST_YEAR):
        period = {"year": year, "day": days(year, 1, 1), "stop": days(year, 12, 31)}
        connection.execute(_WAGE, numbers | period)
