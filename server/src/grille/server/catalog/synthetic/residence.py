"""Residence: where people live and move; BOSATTEFDT_BOSTED."""

from __future__ import annotations

import duckdb

from grille.server.catalog.synthetic.calendar import Years, days
from grille.server.catalog.synthetic.draws import add_distribution, buckets, insert
from grille.server.catalog.synthetic.municipalities import counties, municipalities

_PLACES = 1 << 17
_PER_COUNTY = 1 << 13

_MACROS = """
CREATE MACRO some_place(unit, stream) AS draw('place', uniform(unit, stream));
CREATE MACRO near_place(place, unit, stream) AS
  draw('near', (draw('county', (place + 0.5) / $places) + uniform(unit, stream)) / $counties);
"""

# everybody has a path of their own of up to three places; it does not depend on anything but place of origin and age
_PATH = """
CREATE TABLE path AS
WITH origin AS (
  SELECT p.unit, p.birth, CASE WHEN mother IS NOT NULL AND uniform(p.unit, 'stays near') < 0.7
      THEN near_place(some_place(mother, 'place'), p.unit, 'near place')
      ELSE some_place(p.unit, 'place') END AS place0,
    CASE WHEN uniform(p.unit, 'moves') < 0.62
      THEN p.birth + (365.25 * (19 + 16 * uniform(p.unit, 'move age')))::INTEGER END AS day1
  FROM person p LEFT JOIN parents ON parents.unit = p.unit
), first_move AS (
  SELECT *, CASE WHEN uniform(unit, 'moves near') < 0.6 THEN near_place(place0, unit, 'near place 1')
      ELSE some_place(unit, 'place 1') END AS place1,
    CASE WHEN uniform(unit, 'moves again') < 0.45
      THEN day1 + 300 + (365.25 * 25 * uniform(unit, 'move wait'))::INTEGER END AS day2
  FROM origin
), second_move AS (
  SELECT *, CASE WHEN uniform(unit, 'moves near 2') < 0.6 THEN near_place(place1, unit, 'near place 2')
      ELSE some_place(unit, 'place 2') END AS place2
  FROM first_move
)
SELECT unit, unnest([
  {'place': place0, 'since': -99999, 'until': coalesce(day1, 99999) - 1},
  {'place': CASE WHEN day1 IS NOT NULL THEN place1 END, 'since': day1, 'until': coalesce(day2, 99999) - 1},
  {'place': CASE WHEN day2 IS NOT NULL THEN place2 END, 'since': day2, 'until': 99998}], recursive := true)
FROM second_move
"""

# children live along their mother's path, men along their wife's; the rest along their own
_RESIDENCE = """
CREATE TABLE bank.BOSATTEFDT_BOSTED AS
WITH partner AS (
  SELECT wife AS unit, NULL::UINTEGER AS wife, union_start, union_end FROM couple
  UNION ALL
  SELECT husband, wife, union_start, union_end FROM couple
), life AS (
  SELECT p.unit, p.entry, coalesce(p.exit, 99999) AS last_day, parents.mother, partner.wife,
    partner.union_start, coalesce(partner.union_end, 99999) AS union_end,
    CASE WHEN parents.mother IS NULL THEN -99999 ELSE least(
      p.birth + 6940 + (1100 * uniform(p.unit, 'leaves home'))::INTEGER, coalesce(union_start, 99999)) END AS leaves
  FROM person p
  LEFT JOIN parents ON parents.unit = p.unit
  LEFT JOIN partner ON partner.unit = p.unit
), stage AS (
  SELECT unit, entry, last_day, unnest([
    {'guide': mother, 'first': -99999, 'last': leaves - 1},
    {'guide': unit, 'first': leaves, 'last': CASE WHEN wife IS NULL THEN 99999 ELSE union_start - 1 END},
    {'guide': wife, 'first': greatest(leaves, union_start), 'last': union_end},
    {'guide': CASE WHEN wife IS NOT NULL THEN unit END, 'first': union_end + 1, 'last': 99999}], recursive := true)
  FROM life
), piece AS (
  SELECT stage.unit, path.place, stage.last_day, greatest(first, since, entry) AS start,
    least(last, path.until, stage.last_day) AS stop
  FROM stage JOIN path ON path.unit = stage.guide
  WHERE path.place IS NOT NULL AND greatest(first, since, entry) <= least(last, path.until, stage.last_day)
), moved AS (
  SELECT *, lag(place) OVER (PARTITION BY unit ORDER BY start) AS place_before FROM piece
), spell AS (
  SELECT unit, place, start, coalesce(lead(start) OVER (PARTITION BY unit ORDER BY start) - 1, last_day) AS stop
  FROM moved WHERE place_before IS DISTINCT FROM place
)
SELECT unit, municipality.code AS value, start::INTEGER AS start,
  CASE WHEN stop < $last_day THEN stop END::INTEGER AS stop
FROM spell JOIN municipality USING (place) WHERE start <= $last_day
ORDER BY year(days_date(start)), unit, start
"""


def prepare(connection: duckdb.DuckDBPyConnection, _years: Years, _seed: int) -> None:
    """Make the tables municipality (place, code) and path (unit, place, since, until)."""
    places = municipalities()
    codes = counties()
    sizes = {number: float(place.inhabitants) for number, place in enumerate(places)}
    add_distribution(connection, "place", buckets(sizes, _PLACES))
    add_distribution(connection, "county", [codes.index(place.county) for place in places])
    near: list[int] = []
    for code in codes:
        near += buckets({i: sizes[i] for i, place in enumerate(places) if place.county == code}, _PER_COUNTY)
    add_distribution(connection, "near", near)
    connection.execute("CREATE TABLE municipality (place INTEGER, code VARCHAR)")
    insert(connection, "municipality", {"place": range(len(places)), "code": [place.code for place in places]})
    connection.execute(_MACROS.replace("$places", str(len(places))).replace("$counties", str(len(codes))))
    connection.execute(_PATH)


def write_residence(connection: duckdb.DuckDBPyConnection, _years: Years) -> None:
    """Write BOSATTEFDT_BOSTED: spells of residence by municipality, without the dead and the emigrated."""
    connection.execute(_RESIDENCE, {"last_day": days(2023, 12, 31)})
