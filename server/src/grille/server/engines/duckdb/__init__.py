"""The default engine, on DuckDB: columns and membership masks in an encrypted session file, banks attached read-only.

Order of reading: connection, sql, sources, frames, aggregates, percentiles, factors, batches, engine. Imports the plan and
nothing else of the server; only `engine` is for use from outside.
"""
