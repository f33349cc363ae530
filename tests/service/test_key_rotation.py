"""grille-server keys rotate: a new signing key on a real home, old results and a second copy included."""

from __future__ import annotations

from pathlib import Path

from support.mishaps import copy_of, serving
from support.service import Service, command


def test_the_signing_key_is_rotated_and_everything_is_still_verified(template: Service, tmp_path: Path) -> None:
    second = tmp_path / "second"
    service = copy_of(template, tmp_path / "home", f'[audit]\nsecond_folder = "{second}"\n')
    result, key = tmp_path / "result.json", service.home / "keys" / "audit-signing.pub"
    (tmp_path / "first.pub").write_bytes(key.read_bytes())
    with serving(service):
        result.write_text(service.grille("run", "-", "--format", "json", stdin="create-dataset x\n").out)
        locked = command("grille-server", "keys", "rotate", service.home)
        assert (locked.code, "AUDIT_LOCKED" in locked.err) == (1, True)
    private = (service.home / "keys" / "audit-signing.pem").read_bytes()
    for times in (1, 2):
        service.admin("keys", "rotate", service.home)
        assert key.read_text().count("BEGIN PUBLIC KEY") == times + 1
    assert (service.home / "keys" / "audit-signing.pem").read_bytes() != private
    assert sorted(path.name for path in (service.home / "keys").iterdir() if "audit" in path.name) == [
        "audit-signing.pem",
        "audit-signing.pub",
    ]
    with serving(service):
        newer = tmp_path / "newer.json"
        newer.write_text(service.grille("run", "-", "--format", "json", stdin="create-dataset x\n").out)
        for file in (result, newer):
            assert service.grille("verify", file, "--key", key).code == 0
        assert "KEY_UNKNOWN" in service.grille("verify", newer, "--key", tmp_path / "first.pub").out
        assert service.grille("audit", "verify", "--key", key, user="audun").code == 0
        told = service.grille("audit", "list", "--event", "key_rotated", "--format", "json", user="audun").out
        assert len(told.splitlines()) == 2
    for folder in (service.home / "audit", second):
        done = command("grille-server", "audit", "verify", folder, "--public-key", tmp_path / "first.pub")
        assert done.code == 0, done.out
