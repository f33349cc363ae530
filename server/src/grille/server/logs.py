"""The server's own log: JSON lines on stderr, with an allow-list of keys so that no data value and no script slips in.

It is for operators. What users did stands in the audit log.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
import threading
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

ALLOWED_KEYS = frozenset(
    {
        "address",
        "bank",
        "bank_version",
        "code",
        "days",
        "dropped",
        "elapsed_ms",
        "event",
        "exception",
        "level",
        "logger",
        "method",
        "phase",
        "pid",
        "project",
        "reason",
        "session",
        "sessions",
        "signal",
        "time",
        "user",
        "version",
    }
)
_EVENT = re.compile(r"[a-z][a-z_ -]{0,63}\Z")
_LONGEST = 200


class AllowList:
    """A structlog processor that keeps allowed keys with plain short values and counts what it drops.

    Attributes:
        dropped: Number of keys and event names dropped since the start.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._lock = threading.Lock()

    def __call__(self, _logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
        """Return what may be written of an entry."""
        kept = {key: value for key, value in event_dict.items() if key in ALLOWED_KEYS and _is_plain(value)}
        dropped = len(event_dict) - len(kept)
        if not isinstance(kept.get("event"), str) or not _EVENT.match(kept["event"]):
            kept["event"] = "unnamed"  # a name with anything but letters may have a value formatted into it
            dropped += 1
        if dropped:
            kept["dropped"] = dropped
            with self._lock:
                self.dropped += dropped
        return kept


class _Unfailing:
    """A stream whose writes never raise: a full disk under the log must not keep a caller from its answer."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._descriptor = _descriptor(stream)

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            if self._descriptor is None:
                self._stream.write(text)
            else:  # not through the stream's buffer: what it could not write would fail whoever flushes it later
                os.write(self._descriptor, text.encode("utf-8", "replace"))

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, AttributeError):  # a stream in memory
        return None


class LibraryHandler(logging.Handler):
    """Passes on that a library logged something, and the class of its exception, but never its text."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one entry for `record`."""
        entry: dict[str, str] = {"logger": record.name}
        if record.exc_info and record.exc_info[0]:
            entry["exception"] = record.exc_info[0].__name__
        structlog.get_logger().log(record.levelno, "library", **entry)


def configure_logging(level: str, stream: TextIO | None = None) -> AllowList:
    """Send all logging of this process, also that of libraries and failing threads, through the allow-list.

    Args:
        level: debug, info, warning or error.
        stream: Where to write; default stderr.

    Returns:
        The allow-list, which counts what it drops.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    allow_list = AllowList()
    structlog.configure(
        processors=[
            _name_exception,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            allow_list,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Unfailing(stream or sys.stderr))),
        cache_logger_on_first_use=False,
    )
    # info from libraries is noise, and it has lost its text
    logging.basicConfig(handlers=[LibraryHandler()], level=max(number, logging.WARNING), force=True)
    threading.excepthook = _log_thread
    return allow_list


def _name_exception(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    """Replace exception information by the class name: texts and tracebacks can hold values."""
    given = event_dict.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()[1]
    if isinstance(given, tuple):
        given = given[1]
    if isinstance(given, BaseException):
        event_dict["exception"] = type(given).__name__
    return event_dict


def _log_thread(failure: threading.ExceptHookArgs) -> None:
    structlog.get_logger().error("thread failed", exception=failure.exc_type.__name__)


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _LONGEST and value.isprintable()
    return value is None or isinstance(value, bool | int | float)
