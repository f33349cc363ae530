"""A certificate that ends within 30 days is told of before it does."""

from __future__ import annotations

import datetime
import io
import json

import pytest

from grille.server.logs import configure_logging
from grille.server.operations.certificates import issue_user
from grille.server.operations.credentials import load_authority
from grille.server.operations.expiry import state_of
from grille.server.operations.home import Home
from grille.server.operations.registry_model import Certificate
from grille.server.operations.watching import warn_of_certificates


def warnings(home: Home) -> list[dict[str, object]]:
    stream = io.StringIO()
    configure_logging("info", stream)
    warn_of_certificates(home)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_the_server_s_log_warns_of_the_server_s_own_certificate(home: Home) -> None:
    assert warnings(home) == []
    home.server_certificate.write_bytes(issue_user(load_authority(home), "localhost", 12).certificate_pem)
    (told,) = warnings(home)
    assert (told["level"], told["event"], told["code"], told["days"]) == (
        "warning",
        "certificate ends soon",
        "server.pem",
        11,
    )


@pytest.mark.parametrize(
    "days,revoked,state",
    [
        (100, None, "valid"),
        (30.5, None, "valid"),
        (29.5, None, "expires in 29 day(s)"),
        (-1, None, "expired"),
        (100, "2026-11-23T07:00:00+00:00", "revoked 2026-11-23"),
    ],
)
def test_a_list_tells_the_state_of_each_certificate(days: float, revoked: str | None, state: str) -> None:
    expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    one = Certificate("a" * 64, "ada", "2026-01-01T00:00:00+00:00", expires.isoformat(), revoked)
    assert state_of(one).en == state
