"""Commands of every heavy kind, and ways to cancel them at any moment."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from random import Random

import grpc
from support.mishaps import RawClient, long_command

from grille.v1 import analysis_pb2

PREPARED = (
    "require no.ssb.fdb:30 as db\n"
    "create-dataset people\n"
    "import db/BEFOLKNING_KJOENN as sex\n"
    "import db/INNTEKT_LONN 2022-12-31 as wage\n"
    "import db/BEFOLKNING_FOEDSELS_AAR_MND as birth\n"
    "import db/REGSYS_ARB_YRKE_STYRK08 2022-11-16 as occupation\n"
    "import db/BOSATTEFDT_BOSTED 2022-12-31 as residence\n"
    "import db/NUDB_BU 2022-09-01 as education\n"
    "generate age = 2022 - int(birth / 100)\n"
    "generate level = substr(education, 1, 1)\n"
)
HEAVY = {
    "wide regress": "regress wage age i.occupation i.residence\n",
    "wide anova": "anova wage occupation residence c.age\n",
    "regress-mml": "regress-mml wage age i.level by residence occupation\n",
    "correlate": "correlate wage age birth, pairwise obs sig\n",
    "normaltest": "normaltest wage age birth\n",
    "tabulate": "tabulate residence occupation sex, summarize(wage) p25 p50 p75 gini\n",
    "import": "import db/SIVSTANDFDT_SIVSTAND 2022-12-31 as civil\ndrop civil\n",
    "generate": long_command(150) + "drop effort\n",
}
AFTER = "tabulate sex\n"


def cancel_at(raw: RawClient, session: str, script: str, seconds: float) -> tuple[str, float]:
    """Cancel a script so many seconds after its start; return how it ended and the seconds until that was told."""
    identifier = str(uuid.uuid4())
    request = analysis_pb2.RunScriptRequest(session_id=session, script=script.encode(), request_id=identifier)
    call = raw.analysis.RunScript(request, timeout=120)
    next(call)  # accepted
    time.sleep(seconds)
    wished = time.monotonic()
    raw.analysis.CancelScript(analysis_pb2.CancelScriptRequest(session_id=session, request_id=identifier), timeout=60)
    last = list(call)
    taken = time.monotonic() - wished
    return (last[-1].failed.error.reason if last and last[-1].HasField("failed") else "answered"), taken


def late_at(raw: RawClient, session: str, script: str, seconds: float) -> str:
    """Run a script with a deadline; return how the call ended."""
    request = analysis_pb2.RunScriptRequest(session_id=session, script=script.encode())
    try:
        list(raw.analysis.RunScript(request, timeout=seconds))
    except grpc.RpcError as error:
        return str(error.code().name)
    return "answered"


def moments(chance: Random, longest: float) -> Iterator[float]:
    """Yield random waits, in seconds, most of them short."""
    while True:
        yield chance.uniform(0.0, longest) ** 1.5
