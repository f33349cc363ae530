"""Whatever bytes come instead of a request, the server answers with a reason and goes on; `make fuzz` sends many more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.mishaps import copy_of, serving
from support.service import Service
from support.wire_fuzz import UNREADABLE, bombard, only_records_in


@pytest.fixture(scope="module")
def service(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(copy_of(template, tmp_path_factory.mktemp("messages"))) as served:
        yield served


def test_random_messages_are_answered_or_refused_with_a_reason(service: Service) -> None:
    said = bombard(service, messages=800, seed=1)
    assert said.total() == 800
    assert said["OK"] > 20  # some are as they should be
    assert said[UNREADABLE] > 20  # some no message at all
    assert said["NOT_FOUND UNKNOWN_SESSION"] > 20  # some read well and ask for what is not there
    assert service.run("create-dataset p\n")["results"][-1]["status"] == "ok"
    assert only_records_in(service.log())
