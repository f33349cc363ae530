"""The default engine, on DuckDB: columns and membership masks in an encrypted session file beside read-only banks.

Order of reading: connection, sql, sources, frames, aggregates, percentiles, factors, batches, engine. May import the
plan and the engine contract; `engine` alone is for use from outside.
"""
