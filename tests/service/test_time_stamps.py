"""A served log is stamped by a third party, and a custodian verifies the stamps; keys come from a program."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.mishaps import copy_of, serving
from support.service import Service, command
from support.time_stamp_authority import authority


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the program openssl to run an authority")
def test_a_served_log_is_stamped_and_its_keys_come_from_a_vault(template: Service, tmp_path: Path) -> None:
    folder, vault = tmp_path / "authority", tmp_path / "vault"
    folder.mkdir()
    vault.mkdir()
    with authority(folder) as stamping:
        service = copy_of(template, tmp_path / "home", f'[audit]\ntimestamp_url = "{stamping.url}"\n')
        for name in ("record-key.secret", "database.key", "ledger.key", "audit-signing.pem"):
            (service.home / "keys" / name).rename(vault / name)
        program = vault / "give"
        program.write_text(f'#!/bin/sh\nexec cat "{vault}/$1"\n')
        program.chmod(0o700)
        config = service.home / "config.toml"
        config.write_text(config.read_text() + f'[server]\nkey_command = "{program}"\n')
        with serving(service):
            assert service.grille("run", "-", stdin="create-dataset x\n").code == 0
        assert stamping.stamps == 1
        verify = ("audit", "verify", service.home, "--timestamp-authority")
        stamped = service.admin(*verify, stamping.certificate)
        assert "1 time stamp(s) of a trusted authority" in stamped.out
        mine = command("grille-server", *verify, service.home / "tls" / "ca.pem")
        assert (mine.code, "TIMESTAMP_INVALID" in mine.out) == (1, True)
        rotated = command("grille-server", "keys", "rotate", service.home)
        assert (rotated.code, "KEYS_ELSEWHERE" in rotated.err) == (1, True)
