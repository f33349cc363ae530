"""Random draws inside DuckDB that depend on the seed, a stream name and a unit alone, never on threads or row order.

The macros `uniform(unit, stream)`, `normal(unit, stream)`, `draw(distribution, u)` and `draw_code(distribution, u)`
are the only sources of chance of the synthetic register.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor

import duckdb
import pyarrow as pa

# hashing the exclusive-or once more decouples the streams: DuckDB combines two hashes by a mere exclusive-or
_MACROS = """
CREATE MACRO bits(unit, stream) AS hash(xor(hash(unit::UINTEGER), hash(getvariable('seed') || ':' || stream)));
CREATE MACRO uniform(unit, stream) AS ((bits(unit, stream) >> 11)::DOUBLE + 0.5) / 9007199254740992.0;
CREATE MACRO normal(unit, stream) AS
  sqrt(-2 * ln(((bits(unit, stream) >> 32)::DOUBLE + 0.5) / 4294967296.0))
  * cos(2 * pi() * (bits(unit, stream) & 4294967295)::DOUBLE / 4294967296.0);
CREATE TABLE distribution (name VARCHAR, items INTEGER[]);
CREATE TABLE code_distribution (name VARCHAR, items VARCHAR[]);
CREATE MACRO draw(distribution_name, u) AS
  list_extract((SELECT d.items FROM distribution d WHERE d.name = distribution_name),
    1 + floor(u * (SELECT len(d.items) FROM distribution d WHERE d.name = distribution_name))::INTEGER);
"""


def install(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Create the macros and the tables of distributions in the current schema of `connection`."""
    connection.execute("SET VARIABLE seed = $seed", {"seed": str(seed)})
    connection.execute(_MACROS)


def add_distribution(connection: duckdb.DuckDBPyConnection, name: str, items: Sequence[int]) -> None:
    """Let `draw(name, u)` give the item at share u of `items`, made by `buckets`."""
    insert(connection, "distribution", {"name": [name], "items": [list(items)]})


def insert(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, Sequence[object]]) -> None:
    """Insert rows, column by column, into `table`.

    DuckDB looks for pandas at each parameter of a statement, for minutes where it is not installed.
    """
    connection.register("given", pa.table({name: list(values) for name, values in columns.items()}))
    connection.table("given").insert_into(table)
    connection.unregister("given")


def buckets(weights: Mapping[int, float], count: int) -> list[int]:
    """Return `count` values in which every value stands as often as its weight says.

    Largest remainders; every value with a positive weight stands at least once.

    Args:
        weights: Weight by value.
        count: Number of items; at least the number of values.

    Returns:
        Values in the order of `weights`, repeated.
    """
    counts = apportion(list(weights.values()), count)
    return [value for value, times in zip(weights, counts, strict=True) for _ in range(times)]


def apportion(weights: Sequence[float], count: int) -> list[int]:
    """Return how many of `count` items each weight gets; at least one where the weight is positive."""
    total = sum(weights)
    positive = sum(1 for weight in weights if weight > 0)
    shares = [(count - positive) * weight / total for weight in weights]
    counts = [floor(share) + (1 if weight > 0 else 0) for share, weight in zip(shares, weights, strict=True)]
    order = sorted(range(len(weights)), key=lambda i: (floor(shares[i]) - shares[i], i))
    for i in order[: count - sum(counts)]:
        counts[i] += 1
    return counts
