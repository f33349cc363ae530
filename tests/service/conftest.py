"""One running server for the tests of this folder that do not break it."""

from collections.abc import Iterator

import pytest
from support.service import Service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = Service.build(tmp_path_factory.mktemp("service"), persons=60_000)
    made.start()
    yield made
    assert made.stop() == 0
