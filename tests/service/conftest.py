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


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A home with users of every role that nobody serves: tests that break things serve copies of it."""
    made = Service.build(tmp_path_factory.mktemp("template"), persons=20_000)
    made.add_user("bo", "wages")
    made.add_user("audun", "wages", role="auditor")
    made.add_user("kari", "wages", role="custodian")
    return made


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running server with imported data sets: see support.own_service."""
    from support import own_service  # statsmodels, which its cases use, takes seconds to import

    made = own_service.build(tmp_path_factory.mktemp("own"))
    made.start()
    yield made
    assert made.stop() == 0
