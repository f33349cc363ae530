"""The section [oidc] of the settings: the provider, what its tokens must say, and who needs one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from urllib.parse import urlsplit

from grille.server.operations.oidc_tokens import ALGORITHMS, Expected
from grille.server.operations.registry_model import Role
from grille.server.text import Text

SETS: Mapping[str, Sequence[str]] = {"algorithms": sorted(ALGORITHMS), "roles": [str(role) for role in Role]}
"""What the lists may hold."""


@dataclass(frozen=True, slots=True)
class Oidc:
    """Section [oidc].

    Attributes:
        issuer: The provider, an https address as it stands in tokens; empty for no second factor.
        client_id: The client that the provider knows the researchers' program as.
        audience: This server, as tokens name it.
        scope: What the program asks the provider for.
        algorithms: Signatures that count.
        ca_file: PEM file of the authorities that sign the provider's certificate; empty for the machine's own.
        roles: Members with one of these roles in any project need a token.
        skew_seconds: Seconds by which clocks may differ.
    """

    issuer: str = ""
    client_id: str = ""
    audience: str = ""
    scope: str = "openid offline_access"
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256")
    ca_file: str = ""
    roles: tuple[str, ...] = ("researcher", "auditor", "custodian")
    skew_seconds: int = 30

    @property
    def expected(self) -> Expected:
        """What a token must say."""
        return Expected(self.issuer, self.audience, self.client_id, frozenset(self.algorithms), self.skew_seconds)


def complaint(settings: Oidc) -> tuple[str, Text] | None:
    """Return what is wrong with the section as a whole: the setting and a sentence without its subject."""
    needed = Text("is needed for a second factor", "trengs for en annen faktor")
    if not settings.issuer:
        # Other settings without it would be a second factor that somebody believes in and nobody asks for.
        return ("issuer", needed) if any(getattr(settings, one.name) != one.default for one in fields(Oidc)) else None
    try:
        address = urlsplit(settings.issuer)
        is_https = address.scheme == "https" and bool(address.hostname) and not address.query and not address.fragment
    except ValueError:
        is_https = False
    if not is_https:
        return "issuer", Text("is an https address", "er en https-adresse")
    return next(((name, needed) for name in ("client_id", "audience") if not getattr(settings, name).strip()), None)
