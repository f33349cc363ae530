"""Whatever bytes come as a request, the server answers with a reason and goes on; `make fuzz` sends many more."""

from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from support.mishaps import copy_of, raw_client, reason_of, serving
from support.service import Service
from support.wire_fuzz import UNREADABLE, bombard, only_records_in


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(copy_of(template, tmp_path_factory.mktemp("messages"))) as served:
        yield served


HEALTH = "/grpc.health.v1.Health/Check"
OPEN = "/grille.v1.SessionService/OpenSession"
REPLAY = "/grille.v1.SessionService/ReplaySession"


@pytest.mark.parametrize("path", [HEALTH, OPEN, REPLAY])
def test_more_unreadable_requests_than_the_server_has_threads_silence_nobody(service: Service, path: str) -> None:
    with raw_client(service) as raw:  # gRPC's own refusal kept a thread and a stream for each
        for _ in range(150):
            call = raw.channel.stream_stream(path)(iter((b"\xff",)), timeout=10)
            with pytest.raises(grpc.RpcError) as refused:
                list(call)
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        session = raw.open()
        assert raw.run(session, "create-dataset p\n")[-1].HasField("finished")
        raw.close(session)
        assert raw.channel.unary_unary(HEALTH)(b"", timeout=10) == b"\x08\x01"


def test_an_unreadable_request_is_named_and_no_fault_of_the_server(service: Service) -> None:
    with raw_client(service) as raw:
        assert reason_of(lambda: raw.channel.unary_unary(OPEN)(b"\x0a\x02\xff\xfe", timeout=10)) == "BAD_MESSAGE"


def test_random_messages_are_answered_or_refused_with_a_reason(service: Service) -> None:
    said = bombard(service, messages=800, seed=1)
    assert said.total() == 800
    assert said["OK"] > 20  # some are as they should be
    assert said[UNREADABLE] > 20  # some no message at all
    assert said["NOT_FOUND UNKNOWN_SESSION"] > 20  # some read well and ask for what is not there
    assert service.run("create-dataset p\n")["results"][-1]["status"] == "ok"
    assert only_records_in(service.log())
