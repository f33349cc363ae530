"""How long, and how, the client tries to come back to a server that it lost."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from grille.client.errors import ClientError

VARIABLE = "GRILLE_RECONNECT_SECONDS"
DEFAULT_SECONDS = 60.0
FIRST_WAIT = 0.25
LONGEST_WAIT = 5.0
# The server was there a moment ago, so that these may pass; all else is an answer.
PASSING = frozenset(("CONNECTION_LOST", "NO_CONNECTION", "NO_ANSWER", "SERVER_STOPPING", "SESSION_NOT_YET_REBUILT"))


@dataclass(slots=True)
class Patience:
    """Waits longer and longer between tries, and gives up after a while without any word from the server.

    Attributes:
        seconds: How long; 0 never tries again.
    """

    seconds: float
    _since: float | None = None
    _wait: float = field(default=FIRST_WAIT)

    def answered(self) -> None:
        """The server is there."""
        self._since, self._wait = None, FIRST_WAIT

    @property
    def is_first(self) -> bool:
        """Whether no try has failed since the server was last there."""
        return self._since is None

    def wait(self, error: ClientError) -> bool:
        """Wait before the next try; tells at once, with False, that there is none."""
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        left = self._since + self.seconds - now
        if error.reason not in PASSING or left <= 0:
            return False
        time.sleep(min(left, self._wait * random.uniform(0.8, 1.2)))  # noqa: S311  # spreads the clients of a lost server
        self._wait = min(LONGEST_WAIT, self._wait * 2)
        return True


def patience_of(variables: Mapping[str, str]) -> Patience:
    """Return the patience that the environment asks for."""
    try:
        return Patience(max(0.0, float(variables.get(VARIABLE, DEFAULT_SECONDS))))
    except ValueError:
        return Patience(DEFAULT_SECONDS)
