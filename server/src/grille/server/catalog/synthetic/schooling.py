"""Schooling: when each person reaches which level; NUDB_BU and social background NUDB_SOSBAK follow from it."""

from __future__ import annotations

from statistics import NormalDist

import duckdb

from grille.server.catalog.synthetic.calendar import Years, days
from grille.server.catalog.synthetic.draws import add_distribution, buckets

EDUCATION_GROUPS = ("low", "middle", "bachelor", "master", "unknown")
"""Groups 1 to 5: levels 0-2, 3-5, 6, 7-8 and 9 of NUS2000."""

LEVEL_SHARES: tuple[dict[str, float], ...] = (
    {"0": 0.01, "1": 0.03, "2": 0.96},
    {"3": 0.15, "4": 0.70, "5": 0.15},
    {"6": 1.0},
    {"7": 0.94, "8": 0.06},
    {"9": 1.0},
)
"""Shares of the levels within each group; the level within a group is drawn independently of everything else."""

_COHORTS = ((1880, 0.46, 0.42, 0.08), (1940, 0.27, 0.48, 0.18), (1960, 0.17, 0.44, 0.27), (1980, 0.16, 0.37, 0.31))
"""First birth year and the shares that end as low, middle and bachelor; the rest end as master."""

_FIELDS = {0: 14, 1: 8, 2: 8, 3: 9, 4: 20, 5: 24, 6: 18, 7: 3, 8: 6}
"""Weights of the fields of study, the second digit of NUS2000."""

# ability is inherited in part from the mother: correlation 0.48 between generations
_SCHOOLING = """
CREATE TABLE schooling AS
WITH talent AS (
  SELECT p.unit, p.birth_year, p.foreign_born, parents.mother, parents.father,
    0.8 * normal(p.unit, 'talent') + 0.6 * normal(coalesce(parents.mother, p.unit),
      CASE WHEN parents.mother IS NULL THEN 'home' ELSE 'talent' END)
      + CASE WHEN p.man OR p.birth_year < 1955 THEN -0.08 ELSE 0.12 END AS z,
    uniform(p.unit, 'school level') AS u, p.entry
  FROM person p LEFT JOIN parents ON parents.unit = p.unit
), final AS (
  SELECT talent.*, CASE WHEN foreign_born AND uniform(talent.unit, 'school known') < 0.22 THEN 5
    ELSE 1 + (z > low)::INTEGER + (z > middle)::INTEGER + (z > bachelor)::INTEGER END AS final_group,
    birth_year + 16 AS y1,
    birth_year + 19 + CASE WHEN uniform(talent.unit, 'delay 2') < 0.75 THEN 0
      ELSE floor(-4 * ln(uniform(talent.unit, 'delay 2a')))::INTEGER END AS y2,
    3 + CASE WHEN uniform(talent.unit, 'delay 3') < 0.5 THEN 0
      ELSE floor(-4 * ln(uniform(talent.unit, 'delay 3a')))::INTEGER END AS wait3,
    2 + CASE WHEN uniform(talent.unit, 'delay 4') < 0.7 THEN 0
      ELSE floor(-4 * ln(uniform(talent.unit, 'delay 4a')))::INTEGER END AS wait4
  FROM talent JOIN school_cohort ON birth_year >= first_year AND birth_year < end_year
)
SELECT unit, mother, father, final_group::TINYINT AS final_group, foreign_born,
  CASE WHEN final_group < 5 THEN june(y1) END AS day1,
  CASE WHEN final_group BETWEEN 2 AND 4 THEN june(y2) END AS day2,
  CASE WHEN final_group BETWEEN 3 AND 4 THEN june(y2 + wait3) END AS day3,
  CASE WHEN final_group = 4 THEN june(y2 + wait3 + wait4) END AS day4,
  CASE WHEN final_group = 5 THEN greatest(june(y1), entry) END AS day5
FROM final ORDER BY unit
"""

_MACROS = """
CREATE MACRO june(y) AS epoch_days(make_date(y::INTEGER, 6, 20));
CREATE MACRO school_level(unit, school_group) AS draw('level', (school_group - 1 + uniform(unit, 'level')) / 5);
CREATE MACRO school_code(unit, school_group) AS CASE
  WHEN school_group = 5 THEN '999999'
  WHEN school_group = 1 THEN school_level(unit, 1) || '01199'
  ELSE school_level(unit, school_group) || draw('field', uniform(unit, 'field'))
    || lpad((101 + 4 * (bits(unit, 'programme') % 24))::VARCHAR, 4, '0') END;
"""

# education is known to the register from 1970-11-01, and for immigrants from the day they came
_EDUCATION = """
CREATE TABLE bank.NUDB_BU AS
WITH reached AS (
  SELECT s.unit, greatest($first_day, CASE WHEN p.foreign_born THEN p.entry ELSE $first_day END) AS known_from,
    coalesce(p.exit, 99999) AS last_day,
    unnest([{'school_group': 1, 'day': day1}, {'school_group': 2, 'day': day2}, {'school_group': 3, 'day': day3},
            {'school_group': 4, 'day': day4}, {'school_group': 5, 'day': day5}], recursive := true)
  FROM schooling s JOIN person p ON p.unit = s.unit
), spell AS (
  SELECT unit, school_group, greatest(day, known_from) AS start, last_day,
    lead(day) OVER (PARTITION BY unit ORDER BY school_group) - 1 AS before_next
  FROM reached WHERE day IS NOT NULL
), cut AS (
  SELECT unit, school_group, start, least(coalesce(before_next, 99999), last_day) AS stop FROM spell
)
SELECT unit, school_code(unit, school_group) AS value, start::INTEGER AS start,
  CASE WHEN stop < $last_day THEN stop END::INTEGER AS stop
FROM cut WHERE stop >= start AND start <= $last_day
ORDER BY year(days_date(start)), unit, start
"""

# the higher of the parents' final levels; for persons without a mother in the register the home is drawn
_BACKGROUND = """
CREATE TABLE bank.NUDB_SOSBAK AS
WITH home AS (
  SELECT s.unit, s.foreign_born, s.mother,
    greatest(nullif(m.final_group, 5), nullif(f.final_group, 5)) AS parents,
    1 + (normal(s.unit, 'home') > low)::INTEGER + (normal(s.unit, 'home') > middle)::INTEGER
      + (normal(s.unit, 'home') > bachelor)::INTEGER AS drawn
  FROM schooling s JOIN person p ON p.unit = s.unit
  JOIN school_cohort ON p.birth_year - 29 >= first_year AND p.birth_year - 29 < end_year
  LEFT JOIN schooling m ON m.unit = s.mother
  LEFT JOIN schooling f ON f.unit = s.father
)
SELECT unit, CASE
    WHEN uniform(unit, 'home unknown') < 0.01 THEN '9'
    WHEN mother IS NULL AND foreign_born AND uniform(unit, 'home abroad') < 0.4 THEN '9'
    WHEN mother IS NOT NULL AND parents IS NULL THEN '9'
    ELSE (5 - coalesce(parents, drawn))::VARCHAR END AS value
FROM home ORDER BY unit
"""


def prepare(connection: duckdb.DuckDBPyConnection, _years: Years, _seed: int) -> None:
    """Make the table schooling: unit, mother, father, final_group, foreign_born, and day1 to day5.

    `day<g>` is the day on which the person reaches education group g, or null.
    """
    connection.execute("""
        CREATE TABLE school_cohort (
          first_year SMALLINT, end_year SMALLINT, low DOUBLE, middle DOUBLE, bachelor DOUBLE)""")
    ends = [cohort[0] for cohort in _COHORTS[1:]] + [9999]
    for (first, low, middle, bachelor), end in zip(_COHORTS, ends, strict=True):
        cuts = [NormalDist().inv_cdf(share) for share in (low, low + middle, low + middle + bachelor)]
        # persons born before the first cohort go to the first cohort
        start = first if first != _COHORTS[0][0] else 0
        connection.execute("INSERT INTO school_cohort VALUES (?, ?, ?, ?, ?)", [start, end, *cuts])
    levels = [level for shares in LEVEL_SHARES for level in buckets({int(k): v for k, v in shares.items()}, 10_000)]
    add_distribution(connection, "level", levels)
    add_distribution(connection, "field", buckets(_FIELDS, 1_000))
    connection.execute(_MACROS)
    connection.execute(_SCHOOLING)


def write_education(connection: duckdb.DuckDBPyConnection, _years: Years) -> None:
    """Write NUDB_BU: spells of the highest education so far; level, field and four digits without meaning."""
    connection.execute(_EDUCATION, {"first_day": days(1970, 11, 1), "last_day": days(2024, 8, 1)})


def write_background(connection: duckdb.DuckDBPyConnection, _years: Years) -> None:
    """Write NUDB_SOSBAK: 1 master, 2 bachelor, 3 upper secondary, 4 compulsory, 9 unknown (parents' education)."""
    connection.execute(_BACKGROUND)
