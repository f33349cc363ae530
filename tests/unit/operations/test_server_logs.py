import io
import json
import logging
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator

import pytest
import structlog

from grille.server.logs import AllowList, configure_logging


class Log:
    def __init__(self, level: str = "info") -> None:
        self.stream = io.StringIO()
        self.allow_list: AllowList = configure_logging(level, self.stream)
        self.logger = structlog.get_logger()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def entries(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def log() -> Iterator[Log]:
    root, hook = logging.getLogger(), threading.excepthook
    handlers, level = root.handlers[:], root.level
    yield Log()
    structlog.reset_defaults()
    root.handlers[:], threading.excepthook = handlers, hook
    root.setLevel(level)


def test_allowed_keys_are_written_as_one_json_line(log: Log) -> None:
    log.logger.info("call", method="/grille.v1/RunScript", reason="", elapsed_ms=12)
    (entry,) = log.entries
    assert entry.pop("time")
    assert entry == {"event": "call", "level": "info", "method": "/grille.v1/RunScript", "reason": "", "elapsed_ms": 12}


def test_any_other_key_is_dropped_and_counted(log: Log) -> None:
    log.logger.info("call", source="tabulate secret", value=311279, rows=4)
    assert "secret" not in log.text
    assert "311279" not in log.text
    assert log.entries[0]["dropped"] == 3
    assert log.allow_list.dropped == 3


@pytest.mark.parametrize("value", [["secret"], {"a": "secret"}, "secret\nsecret", "secret" * 100, b"secret", object()])
def test_a_value_that_is_not_plain_and_short_is_dropped(log: Log, value: object) -> None:
    log.logger.info("call", reason=value)
    assert "secret" not in log.text
    assert "reason" not in log.entries[0]


def test_an_event_with_a_value_in_its_name_loses_it(log: Log) -> None:
    log.logger.info("income is 311279")
    assert log.entries[0]["event"] == "unnamed"
    assert "311279" not in log.text


def test_exceptions_are_named_without_text_or_traceback(log: Log) -> None:
    try:
        raise ValueError("income is 311279")
    except ValueError:
        log.logger.exception("command failed")
        log.logger.error("command failed", exc_info=True)
    assert [entry["exception"] for entry in log.entries] == ["ValueError", "ValueError"]
    assert "311279" not in log.text
    assert "Traceback" not in log.text


def test_libraries_are_heard_without_their_words(log: Log) -> None:
    try:
        raise RuntimeError("income is 311279")
    except RuntimeError:
        logging.getLogger("grpc._server").exception("Exception calling application: income is 311279")
    logging.getLogger("grpc").info("chatter")
    (entry,) = log.entries
    assert (entry["event"], entry["logger"], entry["exception"]) == ("library", "grpc._server", "RuntimeError")
    assert "311279" not in log.text


def test_a_failing_thread_is_named_without_text_or_traceback() -> None:
    script = """
        import threading
        from grille.server.logs import configure_logging
        configure_logging("info")
        def fail():
            raise KeyError("income is 311279")
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, check=True)
    (entry,) = [json.loads(line) for line in done.stderr.decode().splitlines()]
    assert (entry["event"], entry["exception"]) == ("thread failed", "KeyError")


def test_less_severe_entries_than_the_level_are_not_written() -> None:
    quiet = Log("warning")
    quiet.logger.info("call")
    quiet.logger.warning("draining")
    assert [entry["event"] for entry in quiet.entries] == ["draining"]
    structlog.reset_defaults()
