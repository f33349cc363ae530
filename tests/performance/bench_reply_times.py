"""Measure how well reply times tell refusals from answers, through client and server: `bench_reply_times.py`."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from support.service import Service

PERSONS = 20_000
REPLIES = 60
HEAD = """require no.ssb.fdb:30 as db
create-dataset people
import db/BEFOLKNING_KJOENN as sex
import db/BEFOLKNING_FOEDSELS_AAR_MND as born
import db/INNTEKT_LONN 2022-12-31 as wage
"""


def main() -> None:
    """Print the area under the curve of a classifier by reply time, per profile."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service.build(Path(folder), PERSONS)
        for profile in ("standard", "strict"):
            service.add_project(profile, policy=profile)
            service.add_user(f"user-{profile}", profile)
        service.start()
        try:
            for profile in ("standard", "strict"):
                _measure(service, profile)
        finally:
            service.stop()


def _measure(service: Service, profile: str) -> None:
    """Ask in random order for statistics of nobody and of a hundred or so, one script each: a refusal ends a script."""
    refused = np.random.default_rng(1).permutation(np.arange(REPLIES) % 2 == 0)
    times = []
    for number, small in enumerate(refused):
        year = 2300 if small else 1965 + number % 30
        script = HEAD + f"summarize wage if int(born / 100) == {year}\n"
        found = service.run(script, user=f"user-{profile}")["results"][-1]
        assert (found["status"] == "refused") == bool(small)
        times.append(found["elapsed_ms"])
    shown = np.array(times, dtype=float)
    slower = shown[~refused][:, None] - shown[refused][None, :]
    curve = float((slower > 0).mean() + (slower == 0).mean() / 2)
    print(f"{profile}: area under the curve {max(curve, 1 - curve):.3f} over {REPLIES} replies", end="; ")
    print(f"median {np.median(shown[~refused]):.0f} ms answered, {np.median(shown[refused]):.0f} ms refused")


if __name__ == "__main__":
    main()
