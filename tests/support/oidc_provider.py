"""An issuer's discovery and keys over real TLS on loopback, for what reads them; a test changes what it answers."""

import base64
import datetime
import ipaddress
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


def public_jwk(kid: str, key: rsa.RSAPrivateKey) -> dict[str, str]:
    """The public part of a key."""
    numbers = key.public_key().public_numbers()
    n = base64.urlsafe_b64encode(numbers.n.to_bytes(key.key_size // 8, "big")).rstrip(b"=").decode()
    return {"kty": "RSA", "kid": kid, "n": n, "e": "AQAB"}


class Provider:
    """A provider's documents and its answers to forms, in turn, as a test wishes; with all that it was asked."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.grants: list[tuple[int, object]] = []
        self.answers: dict[str, tuple[int, bytes, str]] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Event()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append(self.path)
                provider.reached.set()
                provider.gate.wait(30)
                status, body, location = provider.answers[self.path]
                self.send_response(status)
                self.send_header("Location", location)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                provider.forms.append({name: one for name, (one,) in form.items()})
                status, document = provider.grants.pop(0)
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Location", provider.address + "/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.ca = folder / "ca.pem"
        pair = folder / "pair.pem"
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provider")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .sign(key, hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.ca.write_bytes(pem)
        pair.write_bytes(secret + pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = f"https://127.0.0.1:{self.server.server_port}"
        self.says()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Answer nobody any more."""
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()

    def says(self, *keys: object, **document: str) -> None:
        """Publish these keys, and a discovery document with these entries."""
        found = {"issuer": self.address, "jwks_uri": self.address + "/keys", **document}
        self.answers["/.well-known/openid-configuration"] = (200, json.dumps(found).encode(), "")
        self.answers["/keys"] = (200, json.dumps({"keys": keys}).encode(), "")
