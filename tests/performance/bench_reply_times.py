"""Measure how well reply times tell few units from none, and refusals from answers: `bench_reply_times.py`.

Run it on a machine that is otherwise idle: where an answer takes longer than a step of time, it leaves at a later one.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from support.service import Service

PERSONS = 20_000
REPLIES = 60
PAIRS = {
    "nobody and a few": ("born == 230001", "born == 197703 & sex == '1'"),
    "nobody and many": ("born == 230001", "born > 197700 & born < 197900"),
}
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
                for name, conditions in PAIRS.items():
                    _measure(service, profile, name, conditions)
        finally:
            service.stop()


def _measure(service: Service, profile: str, name: str, conditions: tuple[str, str]) -> None:
    """Ask two questions in random order, one script each: a refusal ends a script."""
    second = np.random.default_rng(1).permutation(np.arange(REPLIES) % 2 == 0)
    times = []
    for other in second:
        script = HEAD + f"summarize wage if {conditions[int(other)]}\n"
        times.append(service.run(script, user=f"user-{profile}")["results"][-1]["elapsed_ms"])
    shown = np.array(times, dtype=float)
    slower = shown[~second][:, None] - shown[second][None, :]
    curve = float((slower > 0).mean() + (slower == 0).mean() / 2)
    print(f"{profile}, {name}: area under the curve {max(curve, 1 - curve):.3f} over {REPLIES} replies", end="; ")
    print(f"medians {np.median(shown[~second]):.0f} and {np.median(shown[second]):.0f} ms", flush=True)


if __name__ == "__main__":
    main()
