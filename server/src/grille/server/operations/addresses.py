"""Network addresses as people write them: host:port."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from grille.server.errors import InternalError, TypeMismatchError
from grille.server.text import Text

_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)\Z")


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port.

    Attributes:
        host: DNS name or IP address, without brackets.
        port: Port, 0 to 65535; 0 lets the system choose.
    """

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Return the address in `text`, such as 127.0.0.1:7443, [::1]:7443 or grille.example.org:7443.

    Raises:
        TypeMismatchError: ADDRESS_INVALID.
    """
    host, separator, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        separator = ""  # an IPv6 address without brackets: where its port begins is a guess
    if not separator or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535 or not is_host(host):
        raise TypeMismatchError(
            "ADDRESS_INVALID",
            Text(f"{text!r} is not an address.", f"{text!r} er ikke en adresse."),
            hint=Text("Write host:port, such as 127.0.0.1:7443.", "Skriv vert:port, som 127.0.0.1:7443."),
        )
    return Address(host, int(port))


def parse_host(text: str) -> str:
    """Return `text` if it is a DNS name or an IP address.

    Raises:
        TypeMismatchError: HOST_INVALID.
    """
    if not is_host(text):
        raise TypeMismatchError(
            "HOST_INVALID",
            Text(f"{text!r} is not a host name or address.", f"{text!r} er ikke et vertsnavn eller en adresse."),
            hint=Text("Write it without a port.", "Skriv det uten port."),
        )
    return text


def cannot_listen(address: str) -> InternalError:
    """Return the error of a server that cannot use `address`."""
    return InternalError(
        "ADDRESS_IN_USE",
        Text(f"The server cannot listen on {address}.", f"Tjeneren kan ikke lytte på {address}."),
        hint=Text(
            "Is another server running, or is the address not this machine's? Choose another with --listen.",
            "Kjører en annen tjener, eller tilhører adressen en annen maskin? Velg en annen med --listen.",
        ),
    )


def is_host(text: str) -> bool:
    """Say whether `text` is an IP address or a DNS name in ASCII."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        looks_numeric = re.fullmatch(r"[0-9.]+", text) is not None
        return 0 < len(text) <= 253 and not looks_numeric and all(_LABEL.match(label) for label in text.split("."))
    return True
