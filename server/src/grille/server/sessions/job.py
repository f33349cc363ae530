"""A script at work for one request, and what is told of it: it outlives the call that started it.

What was told is kept by command, within bounds, so that a client that lost its connection hears the rest. The messages
are made from released results alone; this module does not look into them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from grille.server.errors import UnknownNameError
from grille.server.sessions.stop import Stop
from grille.server.text import Text

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class _Kept(Generic[M]):
    """A message, the number of the command that it belongs to (from 1; 0 for the script), and its bytes."""

    message: M
    command: int
    size: int


class ScriptJob(Generic[M]):
    """The messages of one script: one thread puts them, any number of callers follow. Safe for threads."""

    def __init__(self, request: str, script: str, stop: Stop, largest: int) -> None:
        """Make a job without messages.

        Args:
            request: The client's id; empty when the script ends with its call.
            script: Digest of the script, so that an id is not used for two.
            stop: Stops the script.
            largest: Bytes of messages that are kept. Beyond it, what somebody heard is forgotten, oldest command first;
                when nobody has heard it yet, the script waits.
        """
        self.request = request
        self.script = script
        self.stop = stop
        self._largest = largest
        self._changed = threading.Condition()
        self._messages: deque[_Kept[M]] = deque()
        self._forgotten = 0  # messages
        self._forgotten_commands = 0
        self._heard = 0
        self._size = 0
        self._has_ended = False
        self._error: Exception | None = None
        self._followers = 0
        self._alone_since = time.monotonic()

    def put(self, command: int, message: M, size: int) -> None:
        """Add a message of a command; waits while too much is unheard, unless the script shall stop.

        Args:
            command: Number of the command, from 1; never falls.
            message: What is told.
            size: Its bytes.
        """
        with self._changed:
            while self._size + size > self._largest and not self.stop.is_set():
                if not self._messages or self._messages[0].command == command:
                    break  # the answer to one command is kept whole
                if not self._forget_heard():
                    self._changed.wait(0.1)
            self._messages.append(_Kept(message, command, size))
            self._size += size
            self._changed.notify_all()

    def end(self, error: Exception | None = None) -> None:
        """Say that nothing more comes; followers hear `error` after the last message."""
        with self._changed:
            self._has_ended = True
            self._error = error
            self._changed.notify_all()

    @property
    def has_ended(self) -> bool:
        """Whether the script has ended."""
        return self._has_ended

    @property
    def error(self) -> Exception | None:
        """What ended the script, once it has ended."""
        return self._error

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the script has ended; tells whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: self._has_ended, seconds)

    def forget(self) -> None:
        """Forget what was told."""
        with self._changed:
            self._forgotten += len(self._messages)
            self._forgotten_commands = 2**31
            self._messages.clear()
            self._size = 0

    def alone_seconds(self) -> float:
        """Seconds for which nobody has followed the job."""
        with self._changed:
            return 0.0 if self._followers else time.monotonic() - self._alone_since

    def follow(self, answered: int = 0) -> Follower[M]:
        """Listen from the first message after the end of the command number `answered`.

        Raises:
            UnknownNameError: ANSWERS_GONE when that is no longer kept.
        """
        with self._changed:
            if answered < self._forgotten_commands:
                raise answers_gone()
            position = self._forgotten + sum(kept.command <= answered for kept in self._messages if answered)
            self._followers += 1
        return Follower(self, position)

    def _forget_heard(self) -> bool:
        """Forget the oldest command if all of it was heard; tells whether something was forgotten."""
        oldest = self._messages[0].command
        count = sum(1 for kept in self._messages if kept.command == oldest)
        if self._forgotten + count > self._heard:
            return False
        for _ in range(count):
            self._size -= self._messages.popleft().size
        self._forgotten += count
        self._forgotten_commands = oldest
        return True

    def _next(self, position: int, follower: Follower[M]) -> _Kept[M] | None:
        with self._changed:
            while True:
                if follower.has_left:
                    return None
                if position < self._forgotten:
                    raise answers_gone()
                if position < self._forgotten + len(self._messages):
                    self._heard = max(self._heard, position + 1)
                    self._changed.notify_all()
                    return self._messages[position - self._forgotten]
                if self._has_ended:
                    if self._error is not None:
                        raise self._error
                    return None
                self._changed.wait()

    def _leave(self, follower: Follower[M]) -> None:
        with self._changed:
            if not follower.has_left:
                follower.has_left = True
                self._followers -= 1
                self._alone_since = time.monotonic()
                self._changed.notify_all()
                if not self.request and not self._followers:
                    self.stop.set()  # nobody can come back to it


class Follower(Generic[M]):
    """One caller's way through the messages of a job."""

    def __init__(self, job: ScriptJob[M], position: int) -> None:
        """Begin at a position; `ScriptJob.follow` makes followers."""
        self.has_left = False
        self._job = job
        self._position = position

    def leave(self) -> None:
        """Listen no more, as when the connection is gone; from any thread. A script without an id is stopped by it."""
        self._job._leave(self)

    def __iter__(self) -> Iterator[M]:
        """Yield messages until the script has ended; raises what ended it."""
        try:
            while (kept := self._job._next(self._position, self)) is not None:
                self._position += 1
                yield kept.message
        finally:
            self.leave()
            if not self._job.request:
                self._job.wait()  # the session is free when the call ends


def answers_gone() -> UnknownNameError:
    """Return the error of a request whose answers are no longer kept."""
    return UnknownNameError(
        "ANSWERS_GONE",
        Text(
            "The server no longer keeps the answers to this request.",
            "Tjeneren har ikke lenger svarene på denne forespørselen.",
        ),
        hint=Text(
            "Its commands are not run again by this. What was prepared is in the session; ask for the results again.",
            "Kommandoene kjøres ikke på nytt av dette. Det som ble tilrettelagt, er i økten; be om resultatene igjen.",
        ),
    )
