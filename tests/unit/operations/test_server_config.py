import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from grille.server.errors import GrilleError
from grille.server.operations.addresses import parse_address
from grille.server.operations.config import (
    BOUNDS,
    Audit,
    Limits,
    MetricsSettings,
    Quotas,
    Server,
    ServerConfig,
    StrictQuotas,
    load_config,
    parse_config,
)
from grille.server.operations.config_template import COMMENTS, config_text
from grille.server.operations.home import Home
from grille.server.operations.oidc_settings import Oidc


def test_a_new_config_sets_the_name_and_leaves_every_default(home: Home) -> None:
    assert load_config(home.config) == ServerConfig()
    assert tomllib.loads(config_text("oslo")) == {
        "server": {"name": "oslo"},
        "limits": {},
        "quotas": {},
        "quotas_strict": {},
        "audit": {},
        "metrics": {},
        "oidc": {},
    }


def test_a_new_config_shows_every_setting_with_its_real_default() -> None:
    text = re.sub(r"^# (\w+ = )", r"\1", config_text("grille"), flags=re.MULTILINE)
    document = tomllib.loads(text)
    shown = {key for section in document.values() for key in section}
    kinds = (Server, Limits, Quotas, StrictQuotas, Audit, MetricsSettings, Oidc)
    assert shown == set(COMMENTS) == {entry.name for kind in kinds for entry in fields(kind)}
    assert parse_config(document) == ServerConfig()


def test_every_number_has_bounds_that_hold_its_default() -> None:
    for kind in (Server, Limits, Quotas, StrictQuotas, Audit, Oidc):
        for entry in fields(kind):
            if isinstance(entry.default, int):
                low, high = BOUNDS[entry.name]
                assert low <= entry.default <= high


def test_settings_are_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[server]\nlisten = "[::1]:7000"\nlog_level = "debug"\n[limits]\nmax_sessions = 3\n')
    config = load_config(path)
    assert (config.server.listen, config.server.log_level, config.limits.max_sessions) == ("[::1]:7000", "debug", 3)
    assert config.audit == Audit()


@pytest.mark.parametrize(
    "text, reason, names",
    [
        ("[server]\nlisn = 1", "CONFIG_UNKNOWN_KEY", "server.lisn"),
        ("[sever]\nlisten = 1", "CONFIG_UNKNOWN_KEY", "sever"),
        ("listen = 1", "CONFIG_UNKNOWN_KEY", "listen"),
        ("server = 1", "CONFIG_INVALID", "server"),
        ("[limits]\nmax_sessions = 0", "CONFIG_INVALID", "limits.max_sessions"),
        ("[limits]\nmax_sessions = true", "CONFIG_INVALID", "limits.max_sessions"),
        ("[limits]\nmax_sessions = 1.5", "CONFIG_INVALID", "limits.max_sessions"),
        ("[limits]\nmax_sessions = '3'", "CONFIG_INVALID", "limits.max_sessions"),
        ("[server]\nlog_level = 'loud'", "CONFIG_INVALID", "server.log_level"),
        ("[server]\nname = 3", "CONFIG_INVALID", "server.name"),
        ("[server]\nlisten = 'here'", "ADDRESS_INVALID", "here"),
        ("[server", "CONFIG_INVALID", "config.toml"),
        ("[oidc]\nclient_id = 'grille'", "CONFIG_INVALID", "oidc.issuer"),
        ("[oidc]\nroles = ['auditor']", "CONFIG_INVALID", "oidc.issuer"),
        ("[oidc]\nissuer = 'http://id.example.org'", "CONFIG_INVALID", "oidc.issuer"),
        ("[oidc]\nissuer = 'https://[id'", "CONFIG_INVALID", "oidc.issuer"),
        ("[oidc]\nissuer = 'https://id.example.org'\naudience = 'a'", "CONFIG_INVALID", "oidc.client_id"),
        ("[oidc]\nissuer = 'https://id.example.org'\nclient_id = 'a'", "CONFIG_INVALID", "oidc.audience"),
        ("[oidc]\nalgorithms = ['HS256']", "CONFIG_INVALID", "oidc.algorithms"),
        ("[oidc]\nalgorithms = ['none']", "CONFIG_INVALID", "oidc.algorithms"),
        ("[oidc]\nalgorithms = 'RS256'", "CONFIG_INVALID", "oidc.algorithms"),
        ("[oidc]\nroles = []", "CONFIG_INVALID", "oidc.roles"),
        ("[oidc]\nroles = [['auditor']]", "CONFIG_INVALID", "oidc.roles"),
        ("[oidc]\nskew_seconds = 301", "CONFIG_INVALID", "oidc.skew_seconds"),
    ],
)
def test_a_wrong_setting_is_told_by_name(tmp_path: Path, text: str, reason: str, names: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(GrilleError) as raised:
        load_config(path)
    assert raised.value.reason == reason
    assert names in raised.value.message.en
    assert names in raised.value.message.no


def test_a_config_that_is_not_there_or_not_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(GrilleError) as raised:
        load_config(tmp_path / "config.toml")
    assert raised.value.reason == "CONFIG_NOT_FOUND"
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(GrilleError) as raised:
        load_config(tmp_path / "config.toml")
    assert raised.value.reason == "CONFIG_INVALID"


@pytest.mark.parametrize("text", ["127.0.0.1:7443", "[::1]:7443", "grille.example.org:1", "localhost:0"])
def test_an_address_reads_back_as_it_was_written(text: str) -> None:
    assert str(parse_address(text)) == text


@pytest.mark.parametrize("text", ["", "7443", ":7443", "host", "host:", "host:x", "host:65536", "::1:7443", "h h:1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(GrilleError) as raised:
        parse_address(text)
    assert raised.value.reason == "ADDRESS_INVALID"
