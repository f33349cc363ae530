"""A spinner on stderr with the command at work, its phase and the seconds so far; none when stderr is no terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from grille.client.environment import Environment
from grille.client.render.style import clean
from grille.client.words import Words, pick

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
FRAMES_PER_SECOND = 10
PHASES_NO = {
    "reading": "leser",
    "waiting": "venter på tur",
    "computing": "regner",
    "filtering": "velger",
    "counting": "teller",
    "sorting": "sorterer",
    "fitting": "tilpasser",
    "checking": "kontrollerer",
}


class Progress:
    """Shows one command at a time."""

    def __init__(self, environment: Environment, words: Words) -> None:
        """Make a display that is silent unless stderr is a terminal."""
        self._environment = environment
        self._words = words
        self._live: Live | None = None
        self._label = ""
        self._phase = ""
        self._since = 0.0

    def start(self, command: str, index: int, total: int) -> None:
        """Show that a command is at work; `index` of `total` commands of the script, from 1."""
        self.stop()
        if not self._environment.stderr_tty:
            return
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self._environment.stderr, force_terminal=True, width=self._environment.width,
                          no_color=not self._environment.error_colours)  # fmt: skip
        self._label = f"{clean(command)} {pick(self._words, f'({index} of {total})', f'({index} av {total})')}"
        self._phase = ""
        self._since = time.monotonic()
        self._live = Live(
            get_renderable=self._line, console=console, transient=True, refresh_per_second=FRAMES_PER_SECOND,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._live.start()

    def phase(self, phase: str) -> None:
        """Show what is being done."""
        known = PHASES_NO if self._words is Words.NORWEGIAN else {}
        self._phase = clean(known.get(phase, phase))

    def stop(self) -> None:
        """Take the display away, before anything else is written."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _line(self) -> Text:
        from rich.text import Text

        seconds = time.monotonic() - self._since
        frame = FRAMES[int(seconds * FRAMES_PER_SECOND) % len(FRAMES)]
        parts = [f"{frame} {self._label}", self._phase, f"{seconds:.0f} s"]
        return Text(" · ".join(part for part in parts if part), style="dim", no_wrap=True, overflow="ellipsis")
