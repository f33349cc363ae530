"""Asks a time-stamp authority (RFC 3161) to stamp the newest checkpoint of the audit log now and then."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request

import structlog

from grille.server.audit.files import Files
from grille.server.audit.log import AuditLog
from grille.server.audit.timestamps import keep, newest_checkpoint, request_for

_TIMEOUT_SECONDS = 30.0
_LARGEST = 256 * 1024


class Stamper:
    """A thread that no answer waits for: what could not be had is asked for again, and the server's log tells of it."""

    def __init__(self, log: AuditLog, url: str, seconds: float) -> None:
        """Stamp the checkpoints of `log` by the authority at `url`, at most every `seconds`."""
        self._files = Files(log.directory)
        self._url = url
        self._seconds = seconds
        self._stop = threading.Event()
        self._stamped = 0
        self._thread = threading.Thread(target=self._work, name="time-stamps", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after a last stamp."""
        self._stop.set()
        self._thread.join(_TIMEOUT_SECONDS)

    def _work(self) -> None:
        while not self._stop.wait(self._seconds):
            self._stamp()
        self._stamp()

    def _stamp(self) -> None:
        newest = newest_checkpoint(self._files)
        if newest is None or newest[0] == self._stamped:
            return
        number, line = newest
        try:
            request = urllib.request.Request(  # noqa: S310  # the address is the operator's own setting
                self._url, request_for(line), {"Content-Type": "application/timestamp-query"}
            )
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                response = answer.read(_LARGEST)
            if keep(self._files, number, line, response):
                self._stamped = number
                return
            structlog.get_logger().warning("time stamp refused")
        except (OSError, urllib.error.URLError) as error:
            structlog.get_logger().warning("no time stamp", exception=type(error).__name__)
