import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from grille.server.errors import GrilleError
from grille.server.operations.certificates import Identity
from grille.server.operations.home import Home
from grille.server.operations.initialize import initialize
from grille.server.operations.keys import load_audit_public_key, load_keys


def test_everything_in_a_home_is_for_its_owner_alone(home: Home) -> None:
    assert home.path.stat().st_mode & 0o777 == 0o700
    for path in home.path.rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_modes_do_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        home = initialize(tmp_path / "open")
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o077 for path in (home.path, *home.path.rglob("*"))} == {0}


def test_every_home_has_its_own_keys(home: Home, tmp_path: Path) -> None:
    ours, theirs = load_keys(home), load_keys(initialize(tmp_path / "other"))
    assert len({ours.record_root, ours.database_root, ours.ledger, theirs.record_root, theirs.database_root}) == 5
    public = load_audit_public_key(home.audit_public_key.read_bytes(), "audit-signing.pub")
    public.verify(ours.audit_signing.sign(b"x"), b"x")


def test_derived_keys_are_stable_and_differ_between_banks_and_purposes(home: Home) -> None:
    keys, again = load_keys(home), load_keys(home)
    assert keys.bank_key("a") == again.bank_key("a") != keys.bank_key("b")
    assert keys.record_secret("a") == again.record_secret("a") != keys.record_secret("b")
    assert keys.record_secret("a") != bytes.fromhex(keys.bank_key("a"))
    assert "record_root" not in repr(keys)


def test_an_existing_home_is_not_touched(home: Home) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in home.path.rglob("*") if path.is_file()}
    with pytest.raises(GrilleError) as raised:
        initialize(home.path)
    assert raised.value.reason == "HOME_EXISTS"
    assert before == {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in home.path.rglob("*") if path.is_file()
    }


def test_a_folder_with_other_things_and_a_file_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    for path in (tmp_path, tmp_path / "thesis.tex"):
        with pytest.raises(GrilleError) as raised:
            initialize(path)
        assert raised.value.reason == "HOME_EXISTS"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_empty_folder_such_as_a_mounted_volume_is_taken(tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir(mode=0o755)
    home = initialize(tmp_path / "volume")
    assert home.path.stat().st_mode & 0o777 == 0o700
    load_keys(home)


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "æ", "a" * 64, "x\n"])
def test_a_bad_name_makes_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(GrilleError) as raised:
        initialize(tmp_path / "home", name=name)
    assert raised.value.reason == "NAME_INVALID"
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("host", ["", "a b", "x:1", "300.1.1.1", "-a.no", "blåbær.no", "a..b"])
def test_a_bad_host_makes_nothing(tmp_path: Path, host: str) -> None:
    with pytest.raises(GrilleError) as raised:
        initialize(tmp_path / "home", hosts=[host])
    assert raised.value.reason == "HOST_INVALID"
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("exists", [False, True])
def test_a_disk_that_refuses_leaves_nothing_behind(tmp_path: Path, exists: bool) -> None:
    path = tmp_path / "home"
    if exists:
        path.mkdir()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, limits[1]))  # keys fit, certificates do not
    try:
        with pytest.raises(GrilleError) as raised:
            initialize(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert raised.value.reason == "HOME_NOT_MADE"
    assert path.exists() == exists
    assert not exists or not any(path.iterdir())


def test_the_server_certificate_names_localhost_and_the_given_hosts(home: Home) -> None:
    certificate = x509.load_pem_x509_certificate(home.server_certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "grille.example.org"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    authority = Identity.from_pem(home.ca_certificate.read_bytes(), home.ca_key.read_bytes())
    certificate.verify_directly_issued_by(authority.certificate)
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)


def test_openssl_accepts_the_server_certificate_for_its_hosts(home: Home) -> None:
    script = (
        "import socket,ssl,sys\n"
        "ca,pem,key,host=sys.argv[1:]\n"
        "s=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); s.load_cert_chain(pem,key)\n"
        "c=ssl.create_default_context(cafile=ca); c.verify_flags|=ssl.VERIFY_X509_STRICT\n"
        "i,o=ssl.MemoryBIO(),ssl.MemoryBIO()\n"
        "a,b=c.wrap_bio(i,o,server_hostname=host),s.wrap_bio(o,i,server_side=True)\n"
        "for side in (a,b,a,b):\n"
        "  try: side.do_handshake()\n"
        "  except ssl.SSLWantReadError: pass\n"
        "print(a.version())\n"
    )
    paths = [str(home.ca_certificate), str(home.server_certificate), str(home.server_key)]
    for host, code in (("localhost", 0), ("127.0.0.1", 0), ("grille.example.org", 0), ("other.example.org", 1)):
        done = subprocess.run([sys.executable, "-c", script, *paths, host], capture_output=True, check=False)
        assert done.returncode == code, (host, done.stderr)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_keys_that_others_may_use_are_not_loaded(home: Home, mode: int) -> None:
    home.ledger_key.chmod(mode)
    with pytest.raises(GrilleError) as raised:
        load_keys(home)
    assert raised.value.reason == "KEY_PERMISSIONS"
    assert raised.value.hint is not None
    assert "chmod 600" in raised.value.hint.en


@pytest.mark.parametrize("name", ["record-key.secret", "database.key", "ledger.key", "audit-signing.pem"])
def test_a_missing_linked_or_damaged_key_is_told_by_name(home: Home, name: str) -> None:
    path = home.keys / name
    content = path.read_bytes()
    path.write_bytes(content[:20])
    assert_refused(home, "KEYS_DAMAGED", name)
    path.unlink()
    assert_refused(home, "KEYS_MISSING", name)
    (home.path / "elsewhere").write_bytes(content)
    (home.path / "elsewhere").chmod(0o600)
    path.symlink_to(home.path / "elsewhere")
    assert_refused(home, "KEYS_UNREADABLE", name)


def assert_refused(home: Home, reason: str, name: str) -> None:
    with pytest.raises(GrilleError) as raised:
        load_keys(home)
    assert raised.value.reason == reason
    assert name in raised.value.message.en
    assert name in raised.value.message.no


def test_a_folder_that_is_no_home_is_told(tmp_path: Path) -> None:
    with pytest.raises(GrilleError) as raised:
        load_keys(Home(tmp_path))
    assert raised.value.reason == "HOME_NOT_FOUND"


def test_keys_come_from_a_command_when_one_is_set(home: Home, tmp_path: Path) -> None:
    """As from a key vault: the home holds no secret key file any more."""
    vault = tmp_path / "a vault"
    vault.mkdir()
    before = load_keys(home)
    for path in (home.record_key, home.database_key, home.ledger_key, home.audit_signing_key):
        path.rename(vault / path.name)
    program = vault / "give"
    program.write_text(f'#!/bin/sh\nexec cat "{vault}/$1"\n')
    program.chmod(0o700)
    home.config.write_text(f"[server]\nkey_command = \"'{program}'\"\n")
    given = load_keys(home)
    assert (given.database_root, given.record_root, given.ledger) == (
        before.database_root,
        before.record_root,
        before.ledger,
    )
    assert given.audit_signing.private_bytes_raw() == before.audit_signing.private_bytes_raw()
    (vault / home.ledger_key.name).unlink()
    with pytest.raises(GrilleError) as raised:
        load_keys(home)
    assert raised.value.reason == "KEYS_NOT_GIVEN"
    program.write_text("#!/bin/sh\necho nothing\n")
    with pytest.raises(GrilleError) as raised:
        load_keys(home)
    assert raised.value.reason == "KEYS_DAMAGED"
