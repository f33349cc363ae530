"""The local certificate authority: its own certificate, the server's, and those of users.

ECDSA P-256 throughout: the TLS library inside gRPC accepts no Ed25519 certificates by default.
"""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

USER_URI = "grille:user:"
ALWAYS_HOSTS = ("localhost", "127.0.0.1", "::1")

_AUTHORITY_DAYS = 3650
_SERVER_DAYS = 1095
_CLOCK_SKEW = datetime.timedelta(minutes=5)  # a client whose clock is a little behind must not fail on day one


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """A certificate with its private key; never printed.

    Attributes:
        certificate: The certificate.
        private_key: Its key.
    """

    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> bytes:
        """The certificate, PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def private_key_pem(self) -> bytes:
        """The private key, unencrypted PKCS 8 PEM."""
        return self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @classmethod
    def from_pem(cls, certificate: bytes, private_key: bytes) -> Identity:
        """Read an identity.

        Raises:
            ValueError: Not PEM, or not a P-256 key.
        """
        key = load_pem_private_key(private_key, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("not an elliptic-curve key")
        return cls(x509.load_pem_x509_certificate(certificate), key)


def make_authority(name: str) -> Identity:
    """Make a self-signed authority that may sign end certificates only; valid ten years."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name), x509.NameAttribute(NameOID.COMMON_NAME, f"{name} CA")]
    )
    builder = (
        _builder(subject, subject, key.public_key(), _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return Identity(builder.sign(key, hashes.SHA256()), key)


def issue_server(authority: Identity, name: str, hosts: Sequence[str]) -> Identity:
    """Issue the server's certificate for localhost, 127.0.0.1, ::1 and `hosts`; valid three years.

    Raises:
        ValueError: A host is neither an address nor a DNS name in ASCII.
    """
    names = tuple(dict.fromkeys((*ALWAYS_HOSTS, *hosts)))
    return _issue(
        authority, name, [_general_name(host) for host in names], ExtendedKeyUsageOID.SERVER_AUTH, _SERVER_DAYS
    )


def issue_user(authority: Identity, user: str, days: int) -> Identity:
    """Issue a client certificate for `user`: common name and the URI grille:user:NAME; valid `days` days."""
    uri = x509.UniformResourceIdentifier(USER_URI + user)
    return _issue(authority, user, [uri], ExtendedKeyUsageOID.CLIENT_AUTH, days)


def thumbprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 thumbprint of a certificate, 64 hex digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def covers_name(certificate: x509.Certificate, host: str) -> bool:
    """Say whether `host` is a DNS name in a server certificate; addresses are no names that TLS can ask for."""
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return host.lower() in names.get_values_for_type(x509.DNSName)


def _issue(
    authority: Identity, name: str, names: Sequence[x509.GeneralName], usage: x509.ObjectIdentifier, days: int
) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.certificate.subject
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    authority_key = authority.private_key.public_key()
    builder = (
        _builder(subject, issuer, key.public_key(), days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key), critical=False)
    )
    return Identity(builder.sign(authority.private_key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + datetime.timedelta(days=days))
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host.lower())
