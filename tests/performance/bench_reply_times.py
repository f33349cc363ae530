"""Measure how well reply times tell few units from none, and refusals from answers: `bench_reply_times.py`.

Several researchers ask at the same time, each in a session of its own, so that replies which wait for their moment do
not make it long. Printed is the area under the curve of the best classifier by time, with its 95 % interval.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from support.service import Service

from grille.client.connection import connected
from grille.client.environment import Environment
from grille.client.running import open_session
from grille.client.words import Words
from grille.v1.analysis_pb2 import RunScriptRequest

PERSONS = 20_000
PAIRS = {
    "none and 1 to 9 units": ("born == 230001", "born == 197703 & sex == '1'"),
    "none and many units": ("born == 230001", "sex == '1'"),
    "1 to 9 and many units": ("born == 197703 & sex == '1'", "sex == '1'"),
}
COMMAND = "summarize wage if ({condition}) & wage != {number}"
HEAD = """require no.ssb.fdb:30 as db
create-dataset people
import db/BEFOLKNING_KJOENN as sex
import db/BEFOLKNING_FOEDSELS_AAR_MND as born
import db/INNTEKT_LONN 2022-12-31 as wage
"""


def main() -> None:
    """Print the area under the curve of a classifier by reply time, per profile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replies", type=int, default=1600, help="of each pair, half of each kind")
    parser.add_argument("--researchers", type=int, default=8, help="at the same time, in strict; alone in standard")
    parser.add_argument("--pairs", type=int, nargs="*", default=range(len(PAIRS)), help="numbers of pairs, from 0")
    parser.add_argument("--profiles", nargs="*", default=["standard", "strict"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        service = Service.build(Path(folder), PERSONS)
        users = {}
        for profile in options.profiles:
            service.add_project(profile, policy=profile)
            users[profile] = [f"{profile}{place}" for place in range(options.researchers if profile == "strict" else 1)]
            for user in users[profile]:
                service.add_user(user, profile)
        service.start()
        try:
            for profile in options.profiles:
                for name, conditions in [list(PAIRS.items())[number] for number in options.pairs]:
                    found = _measured(service, users[profile], conditions, options.replies)
                    print(f"{profile}, {name}: {found}", flush=True)
        finally:
            service.stop()


def _measured(service: Service, users: list[str], conditions: tuple[str, str], replies: int) -> str:
    each = replies // len(users)
    with ProcessPoolExecutor(len(users)) as pool:
        bundles = [str(service.bundle(user)) for user in users]
        parts = list(pool.map(_ask, bundles, [conditions] * len(users), [each] * len(users), range(len(users))))
    second = np.concatenate([part[0] for part in parts])
    text = []
    for what, place in (("client", 1), ("told", 2)):
        times = np.concatenate([part[place] for part in parts])
        area, error = _area(times[~second], times[second])
        medians = [float(np.median(times[which])) for which in (~second, second)]
        text.append(
            f"{what} {area:.3f} ({area - 1.96 * error:.3f} to {area + 1.96 * error:.3f}), "
            f"medians {medians[0]:.1f} and {medians[1]:.1f} ms"
        )
    return f"area under the curve over {second.size} replies: " + "; ".join(text)


def _ask(bundle: str, conditions: tuple[str, str], replies: int, seed: int) -> tuple[np.ndarray, ...]:
    """Ask both questions in random order; return which was asked, and the times to the last byte and as told, in ms."""
    random = np.random.default_rng(seed)
    second = random.permutation(np.arange(replies) % 2 == 0)
    environment = Environment(
        stdin=io.BytesIO(),
        stdout=io.StringIO(),
        stderr=io.StringIO(),
        stdout_tty=False,
        stderr_tty=False,
        colours=False,
        width=100,
        config=Path(bundle).parent / "config",
        variables={**os.environ, "GRILLE_CREDENTIALS": bundle},
    )
    heard, told = np.empty(replies), np.empty(replies)
    with connected(environment, Words.ENGLISH) as connection:
        session = open_session(connection, "".join(one for one in Path(bundle).stem if one.isalpha())).session_id
        events = list(connection.analysis.RunScript(RunScriptRequest(session_id=session, script=HEAD.encode())))
        assert not any(event.HasField("failed") for event in events), events
        # a first question of each kind is not counted
        for number in range(-4, replies):
            # other words each time, so that nothing is remembered
            condition = conditions[int(second[number])]
            script = COMMAND.format(condition=condition, number=10**9 + 10**5 * seed + number + 4)
            began = time.perf_counter()
            *_, last = connection.analysis.RunScript(RunScriptRequest(session_id=session, script=script.encode()))
            took = time.perf_counter() - began
            if number >= 0:
                heard[number] = took * 1000
                told[number] = (last.failed if last.HasField("failed") else last.finished).elapsed_ms
    return second, heard, told


def _area(one: np.ndarray, two: np.ndarray) -> tuple[float, float]:
    """Return the area under the curve of the better of both directions, and its standard error.

    Source: DeLong, DeLong and Clarke-Pearson (1988), Comparing the areas under two or more correlated receiver
    operating characteristic curves.
    """
    wins = (two[:, None] > one[None, :]) + (two[:, None] == one[None, :]) / 2
    area = float(wins.mean())
    error = float(np.sqrt(wins.mean(axis=1).var(ddof=1) / two.size + wins.mean(axis=0).var(ddof=1) / one.size))
    return max(area, 1 - area), error


if __name__ == "__main__":
    main()
