"""Sends random requests to a running server as users of every role, and looks at what it says."""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc
from support.mishaps import raw_client
from support.random_messages import Method, requests
from support.service import Service

from grille.v1 import session_pb2
from grille.v1.errors_pb2 import ErrorDetail

USERS = ("ada", "bo", "audun", "kari")
CALL_SECONDS = 300.0  # the first wish for a twin makes it
UNREADABLE = "INVALID_ARGUMENT BAD_MESSAGE"
MOST_ANSWERS = 200
BLOCK = 1_000
"""Messages of one session."""
_FAULTS = ("SERVER_FAULT", "WORKER_FAULT")
_OF_THE_LIBRARY = (
    *(grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.CANCELLED),
    grpc.StatusCode.UNIMPLEMENTED,  # no request, or several, where one is due
)


def bombard(service: Service, messages: int, seed: int, tell: Callable[[str], None] = lambda _: None) -> Counter[str]:
    """Send random requests from several users at once; return how often each answer came.

    Raises:
        AssertionError: The server said that it failed, or something that is no part of the contract.
    """
    said: Counter[str] = Counter()
    share = -(-messages // len(USERS))
    with ThreadPoolExecutor(len(USERS)) as pool:
        sent = [pool.submit(_as_user, service, user, share, seed + nth, tell) for nth, user in enumerate(USERS)]
        for one in sent:
            said += one.result()
    return said


def _as_user(service: Service, user: str, messages: int, seed: int, tell: Callable[[str], None]) -> Counter[str]:
    said: Counter[str] = Counter()
    started = time.monotonic()
    with raw_client(service, user) as raw:
        for first in range(0, messages, BLOCK):
            known = [raw.open()] if user in ("ada", "bo") else []
            wanted = itertools.islice(requests(seed + first, known), min(BLOCK, messages - first))
            for number, (method, data) in enumerate(wanted, start=first):
                parts = (0, 2, 3)[number % 3] if number % 50 == 49 else 1
                heard = _send(raw.channel, method, [data] * parts)
                assert not any(fault in heard for fault in _FAULTS), (method.path, data, heard)
                said[heard] += 1
            if known:  # those that random messages opened are in the way of others, too
                for one in raw.sessions.ListSessions(session_pb2.ListSessionsRequest(), timeout=60).sessions:
                    raw.close(one.session_id)
            tell(
                f"{user}: {first + BLOCK} messages, {(time.monotonic() - started) * 1000 / (first + BLOCK):.1f} ms each"
            )
    return said


def _send(channel: grpc.Channel, method: Method, parts: Sequence[bytes]) -> str:
    """Send a request, or none, or several where one is due; return the status with the reason that the server gives."""
    try:
        call = channel.stream_stream(method.path)(iter(parts), timeout=CALL_SECONDS)
        answers = list(itertools.islice(call, MOST_ANSWERS))
        call.cancel()
        fault = next((one for one in _FAULTS if answers and one.encode() in answers[-1]), "")
        return f"OK {fault}".strip()
    except grpc.RpcError as error:
        code, details = error.code(), error.details() or ""
        metadata = dict(error.trailing_metadata() or ())
        if "grille-error-bin" in metadata:
            return f"{code.name} {ErrorDetail.FromString(metadata['grille-error-bin']).reason}"
        expected = f"{code.name} {details}" == UNREADABLE or code in _OF_THE_LIBRARY
        expected |= code is grpc.StatusCode.NOT_FOUND and method.path.startswith("/grpc.health")
        assert expected, (method.path, parts, code, details)
        return f"{code.name} {details}"


def only_records_in(log: str) -> bool:
    """Tell whether the server's log holds nothing but its own lines."""
    return all(isinstance(json.loads(line), dict) for line in log.splitlines())
