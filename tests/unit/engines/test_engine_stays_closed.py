import threading
import time

import duckdb
import numpy as np
import pytest
from support import sources as s
from support.small_bank import BANK

from grille.server.engines.duckdb import connection as connections
from grille.server.engines.duckdb.engine import open_session_engine
from grille.server.errors import GrilleError
from grille.server.plan.aggregates import Aggregation, BatchRequest, OrderStatistics


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_parquet('https://example.org/x.parquet')",
        "SELECT * FROM glob('/*')",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "EXPORT DATABASE '{folder}/out'",
        "ATTACH '{folder}/other.duckdb' AS other",
        "SET enable_external_access = true",
        "SET threads = 8",
        "SET temp_file_encryption = false",
        "RESET lock_configuration",
        "INSTALL spatial",
        "LOAD '{folder}/other.duckdb_extension'",
        "CREATE SECRET (TYPE s3)",
        f'CREATE TABLE "{BANK}@1".main.mine AS SELECT 1',
        f'DELETE FROM "{BANK}@1".main.KJONN',
    ],
)
def test_a_locked_engine_reaches_nothing_outside(engine, tmp_path, statement):
    (tmp_path / "other.duckdb_extension").write_bytes(b"\0" * 64)
    with pytest.raises(duckdb.Error):
        engine._connection.execute(statement.format(folder=tmp_path))
    assert not list(tmp_path.glob("out*"))
    assert not (tmp_path / "other.duckdb").exists()


def test_a_locked_engine_attaches_no_further_bank(engine, tmp_path):
    with pytest.raises(GrilleError) as caught:
        engine.attach("other@1", str(tmp_path / "other.duckdb"), "key")
    assert caught.value.reason == "DATABASE_FILE_UNREADABLE"


def test_local_python_objects_are_no_tables(engine):
    secret = np.arange(3)
    with pytest.raises(duckdb.Error):
        engine._connection.execute("SELECT * FROM secret")
    assert len(secret) == 3


def test_the_session_file_holds_no_plain_text(open_another, tmp_path):
    engine = open_another(tmp_path)
    frame = engine.import_first(s.SEX, "sex")
    engine.with_column(frame, "note", s.constant("a very telling sentence"))
    engine.close()
    written = (tmp_path / "session.duckdb").read_bytes()
    assert len(written) > 10_000
    assert b"telling" not in written


def test_the_session_file_opens_with_its_own_key_only(open_another, tmp_path):
    open_another(tmp_path).close()
    with pytest.raises(GrilleError) as caught:
        open_session_engine(
            str(tmp_path / "session.duckdb"), "wrong", memory_limit="1GB", threads=1, temp_directory=str(tmp_path)
        )
    assert caught.value.reason == "DATABASE_FILE_UNREADABLE"
    assert "wrong" not in str(caught.value)


def interrupted_after(engine, seconds, work):
    timer = threading.Timer(seconds, engine.interrupt)
    timer.start()
    begun = time.monotonic()
    with pytest.raises(GrilleError) as caught:
        work()
    timer.join()
    return caught.value.reason, time.monotonic() - begun - seconds


def test_interrupt_stops_a_running_statement_within_half_a_second(engine):
    def work():
        engine._requests.run(
            "CREATE TABLE session.main.c901 AS "
            "SELECT sum(sqrt(a.range + b.range)) FROM range(1000000) a, range(1000000) b"
        )

    reason, late = interrupted_after(engine, 0.3, work)
    assert reason == "CANCELLED"
    assert late < 0.5


def test_interrupt_stops_a_pass_between_batches(engine):
    frame = engine.import_first(s.BORN, "born")
    _, start = engine.batches(frame, BatchRequest((("born", s.number("born")),)))

    def work():
        while True:
            for _ in start():
                pass

    reason, late = interrupted_after(engine, 0.2, work)
    assert reason == "CANCELLED"
    assert late < 0.5


def test_an_interrupt_holds_until_the_next_command_begins(engine):
    frame = engine.import_first(s.BORN, "born")
    engine.interrupt()
    with pytest.raises(GrilleError) as caught:
        engine.percentiles(frame, OrderStatistics(s.number("born"), (0.5,)))
    assert caught.value.reason == "CANCELLED"
    engine.sweep((frame,))
    assert engine.aggregate(frame, Aggregation((), (s.UNITS,))).measures["n"][0] == 3000


def test_too_little_memory_is_told_as_such(open_another, tmp_path):
    connection = connections.open_connection("30MB", 1, "")
    requests = connections.Requests(connection)
    with pytest.raises(GrilleError) as caught:
        requests.run("CREATE TABLE big AS SELECT list(range) FROM range(50000000)")
    assert caught.value.reason == "MEMORY_LIMIT"


def test_a_full_disk_is_told_as_such(tmp_path):
    connection = connections.open_connection("60MB", 1, str(tmp_path))
    connection.execute("SET max_temp_directory_size = '1MB'")
    requests = connections.Requests(connection)
    with pytest.raises(GrilleError) as caught:
        requests.run("CREATE TEMP TABLE big AS SELECT hash(range) h FROM range(40000000) ORDER BY h")
    assert caught.value.reason == "DISK_FULL"


def test_errors_of_the_engine_hold_no_values(engine):
    frame = engine.import_first(s.SEX, "sex")
    with pytest.raises(GrilleError) as caught:
        engine._requests.run("CREATE TABLE session.main.c902 AS SELECT CAST('secret value' AS INTEGER) AS v")
    assert caught.value.reason == "ENGINE_FAILED"
    assert "secret" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert frame.rows.count == 3000


def test_spill_goes_to_encrypted_files(tmp_path):
    connection = connections.open_connection("60MB", 1, str(tmp_path))
    assert connection.execute("SELECT current_setting('temp_file_encryption')").fetchone() == (True,)
