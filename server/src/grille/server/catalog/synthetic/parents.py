"""Parents: which woman bore a person, and which man is the father."""

from __future__ import annotations

import duckdb

from grille.server.catalog.synthetic.calendar import Years

_MOST_CHILDREN = 2.1
"""Mean number of children per woman of a birth year above which some children get no mother in the register."""

_PARENTS = """
CREATE TABLE parents AS
WITH candidate AS (
  -- women in couples stand three times in the pool, others once; some bear no children
  SELECT unit, birth_year, foreign_born, couple.wife IS NOT NULL AS paired
  FROM person LEFT JOIN couple ON couple.wife = person.unit
  WHERE NOT man AND uniform(unit, 'childless') > 0.12
), pool AS MATERIALIZED (
  SELECT unit, birth_year, foreign_born,
    row_number() OVER (PARTITION BY birth_year, foreign_born ORDER BY uniform(unit, 'pool'), unit, copy) AS place
  FROM candidate, range(3) AS copies(copy) WHERE paired OR copy = 0
), size AS MATERIALIZED (
  SELECT birth_year, foreign_born, count(*) AS places, count(DISTINCT unit) AS women FROM pool GROUP BY ALL
), child AS MATERIALIZED (
  SELECT unit, birth, foreign_born, birth_year - draw('mother_age', uniform(unit, 'mother age')) AS mother_year
  FROM person
), demand AS MATERIALIZED (
  SELECT mother_year, foreign_born, count(*) AS children FROM child GROUP BY ALL
), choice AS MATERIALIZED (
  SELECT child.unit, child.birth, child.mother_year AS birth_year, child.foreign_born,
    1 + floor(uniform(child.unit, 'mother') * size.places)::BIGINT AS place
  FROM child JOIN demand USING (mother_year, foreign_born)
  JOIN size ON size.birth_year = child.mother_year AND size.foreign_born = child.foreign_born
  WHERE uniform(child.unit, 'has mother') * demand.children < $most_children * size.women
), chosen AS MATERIALIZED (
  SELECT choice.unit, choice.birth, pool.unit AS mother
  FROM choice JOIN pool USING (birth_year, foreign_born, place)
)
SELECT chosen.unit, chosen.mother,
  CASE WHEN chosen.birth BETWEEN couple.union_start - 400 AND coalesce(couple.union_end, 99999) + 270
    THEN couple.husband END AS father
FROM chosen
JOIN person AS woman ON woman.unit = chosen.mother
LEFT JOIN couple ON couple.wife = chosen.mother
WHERE chosen.birth <= coalesce(woman.death, 99999)
ORDER BY chosen.unit
"""


def prepare(connection: duckdb.DuckDBPyConnection, _years: Years, _seed: int) -> None:
    """Make the table parents: unit, mother, father (null when unknown); only persons with a mother in the register.

    Persons born in Norway have mothers born in Norway, immigrants have immigrants.
    """
    connection.execute(_PARENTS, {"most_children": _MOST_CHILDREN})
