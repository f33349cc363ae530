"""Processor time and priority of a process, as the system tells them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

LOWERED = 10
"""Niceness of a command that gives way: about a tenth of the weight of others (Linux, sched(7))."""


def processor_seconds(pid: int) -> float | None:
    """Return the processor time of a process in seconds, user and system; None where there is no /proc (macOS).

    Source: proc_pid_stat(5), fields utime and stime; the command in brackets may hold blanks.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def lower(pid: int) -> None:
    """Let every thread of a process give way; threads that it starts later do too.

    Niceness belongs to threads on Linux (setpriority(2)) and to processes elsewhere; only root can take it back.
    """
    try:
        threads = [int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        threads = [pid]
    for thread in threads:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            os.setpriority(os.PRIO_PROCESS, thread, LOWERED)
