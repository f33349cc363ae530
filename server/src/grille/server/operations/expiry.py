"""When certificates end: what a custodian is told, in lists and in the server's log."""

from __future__ import annotations

import datetime

from grille.server.operations.registry_model import Certificate
from grille.server.text import Text

WARNING_DAYS = 30


def days_left(expires: datetime.datetime) -> int:
    """Return the whole days until a moment; negative when it has passed."""
    return (expires - datetime.datetime.now(datetime.UTC)).days


def state_of(certificate: Certificate) -> Text:
    """Return the state of an issued certificate in words."""
    if certificate.revoked is not None:
        return Text(f"revoked {certificate.revoked[:10]}", f"trukket tilbake {certificate.revoked[:10]}")
    left = days_left(datetime.datetime.fromisoformat(certificate.expires))
    if left < 0:
        return Text("expired", "utløpt")
    if left < WARNING_DAYS:
        return Text(f"expires in {left} day(s)", f"utløper om {left} dag(er)")
    return Text("valid", "gyldig")
