import datetime
import json
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from grille.server.errors import AccessDeniedError, GrilleError
from grille.server.operations.certificates import Identity, issue_user, make_authority, thumbprint
from grille.server.operations.credentials import issue_credentials, load_authority, load_server_identity
from grille.server.operations.home import Home
from grille.server.operations.registry import Registry, Role
from grille.server.operations.tls import peer


def issue(home: Home, out: Path, user: str = "kari", **options: object) -> dict[str, str]:
    issue_credentials(home, user, "wages", Role.RESEARCHER, out, **options)  # type: ignore[arg-type]
    bundle: dict[str, str] = json.loads(out.read_text())
    return bundle


def context(pem: bytes) -> dict[str, list[bytes]]:
    return {"transport_security_type": [b"ssl"], "x509_pem_cert": [pem]}


def test_a_bundle_holds_what_a_client_needs_and_is_for_its_owner_alone(
    home: Home, project: str, tmp_path: Path
) -> None:
    out = tmp_path / "kari.grille"
    bundle = issue(home, out)
    assert out.stat().st_mode & 0o777 == 0o600
    assert {key: bundle[key] for key in ("format", "server", "server_name", "user", "project", "role")} == {
        "format": "grille-credentials-1",
        "server": "127.0.0.1:7443",
        "server_name": "localhost",
        "user": "kari",
        "project": project,
        "role": "researcher",
    }
    identity = Identity.from_pem(bundle["certificate"].encode(), bundle["private_key"].encode())
    certificate = identity.certificate
    assert certificate.public_key() == identity.private_key.public_key()
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(bundle["ca"].encode()))
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "kari"
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert datetime.datetime.fromisoformat(bundle["expires"]) == certificate.not_valid_after_utc
    assert set(bundle) == {
        *("format", "server", "server_name", "user", "project", "role", "certificate", "private_key", "ca", "expires"),
        "audit_key",
    }


def test_the_bundle_s_certificate_is_the_one_that_the_registry_accepts(
    home: Home, project: str, tmp_path: Path
) -> None:
    bundle = issue(home, tmp_path / "kari.grille")
    caller = peer(context(bundle["certificate"].encode()))
    assert caller.user == "kari"
    registry = Registry(home.control)
    assert [one.project for one in registry.authenticate(caller.user, caller.thumbprint)] == [project]
    registry.close()


def test_a_named_server_is_expected_under_its_own_name(home: Home, project: str, tmp_path: Path) -> None:
    bundle = issue(home, tmp_path / "a.grille", server="Grille.example.org:443")
    assert (bundle["server"], bundle["server_name"]) == ("Grille.example.org:443", "Grille.example.org")
    assert issue(home, tmp_path / "b.grille", server="[::1]:443")["server_name"] == "localhost"
    assert issue(home, tmp_path / "c.grille", server="other.example.org:443")["server_name"] == "localhost"


def test_an_existing_file_is_not_overwritten_and_nobody_is_added(home: Home, project: str, tmp_path: Path) -> None:
    out = tmp_path / "kari.grille"
    out.write_text("precious")
    with pytest.raises(GrilleError, match="FILE_EXISTS"):
        issue(home, out)
    assert out.read_text() == "precious"
    with pytest.raises(GrilleError, match="PATH_NOT_FOUND"):
        issue(home, tmp_path / "missing" / "kari.grille")
    registry = Registry(home.control)
    assert registry.users() == ()
    registry.close()


@pytest.mark.parametrize(
    "user, options, reason",
    [
        ("kari nord", {}, "NAME_INVALID"),
        ("kari/../x", {}, "NAME_INVALID"),
        ("kari", {"days": 0}, "DAYS_INVALID"),
        ("kari", {"days": 100_000}, "DAYS_INVALID"),
        ("kari", {"server": "nowhere"}, "ADDRESS_INVALID"),
    ],
)
def test_bad_input_makes_no_bundle(
    home: Home, project: str, tmp_path: Path, user: str, options: dict[str, object], reason: str
) -> None:
    with pytest.raises(GrilleError, match=reason):
        issue(home, tmp_path / "x.grille", user, **options)
    assert not (tmp_path / "x.grille").exists()


def test_a_request_without_a_client_certificate_is_nobody_s() -> None:
    for given in ({}, {"transport_security_type": [b"insecure"]}, {"transport_security_type": [b"ssl"]}):
        with pytest.raises(AccessDeniedError, match="CERTIFICATE_MISSING"):
            peer(given)


def test_an_expired_certificate_is_refused_though_the_connection_is_still_open(home: Home) -> None:
    expired = issue_user(load_authority(home), "kari", days=0)
    with pytest.raises(AccessDeniedError, match="CERTIFICATE_EXPIRED"):
        peer(context(expired.certificate_pem))


def test_a_certificate_that_names_no_user_is_refused(home: Home) -> None:
    for pem in (load_server_identity(home).certificate_pem, load_authority(home).certificate_pem, b"noise"):
        with pytest.raises(AccessDeniedError, match="CERTIFICATE_INVALID"):
            peer(context(pem))


def test_thumbprints_differ_between_certificates_of_the_same_user() -> None:
    authority = make_authority("grille")
    one, two = (issue_user(authority, "kari", 1) for _ in range(2))
    assert thumbprint(one.certificate) != thumbprint(two.certificate)
    assert len(thumbprint(one.certificate)) == 64
