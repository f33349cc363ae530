"""The device flow: the user logs in with a browser anywhere, while this program waits for the token (RFC 8628)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from grille.client.errors import ClientError, NoConnectionError, NotAllowedError, RefusedError, UsageError
from grille.client.render.style import clean
from grille.client.second_factor.provider import Provider, is_https
from grille.client.second_factor.tokens import Tokens, granted, resource
from grille.client.words import Words, pick
from grille.v1.session_pb2 import GetLoginResponse

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
INTERVAL_SECONDS = 5.0
SLOWER_SECONDS = 5.0
LONGEST_SECONDS = 1800.0


def log_in(offer: GetLoginResponse, words: Words, tell: Callable[[str], None]) -> Tokens:
    """Ask the provider for a code, tell the user where to enter it, and wait for the token.

    Args:
        offer: What the server said of the provider.
        words: Language of messages.
        tell: Shows the user a text.

    Raises:
        UsageError: NO_LOGIN_WANTED when the server has no provider.
        NoConnectionError: PROVIDER_UNREACHABLE.
        NotAllowedError: LOGIN_DENIED when the user said no, LOGIN_TIMED_OUT when the code ended.
        RefusedError: PROVIDER_REFUSED for what else the provider says no to.
    """
    if not offer.issuer:
        told = pick(words, "This server wants no login beside the certificate.",
                    "Denne tjeneren krever ingen pålogging i tillegg til sertifikatet.")  # fmt: skip
        raise UsageError("NO_LOGIN_WANTED", told)
    provider = Provider(offer.issuer, offer.authorities, words)
    asked = {"client_id": offer.client_id, "scope": offer.scope, **resource(offer.audience)}
    is_granted, code = provider.post(provider.endpoint("device_authorization_endpoint"), asked)
    if not is_granted:
        raise _refused(code, words)
    begun = time.monotonic()
    lasts = min(_seconds(code, "expires_in", LONGEST_SECONDS), LONGEST_SECONDS)
    tell(_instructions(code, lasts, words))
    form = {"grant_type": GRANT, "device_code": str(code.get("device_code")), "client_id": offer.client_id}
    answer = _wait(
        provider, {**form, **resource(offer.audience)}, _seconds(code, "interval", INTERVAL_SECONDS), begun + lasts
    )
    blank = Tokens(offer.issuer, offer.client_id, offer.audience, offer.authorities, "", 0.0, "")
    tokens = granted(blank, answer, time.time())
    if tokens is None:
        raise _refused({}, words)
    return tokens


def _wait(provider: Provider, form: dict[str, str], interval: float, end: float) -> dict[str, Any]:
    """Ask for the token until there is one, as seldom as the provider wishes (RFC 8628 section 3.5)."""
    address, words = provider.endpoint("token_endpoint"), provider.words
    while time.monotonic() + interval < end:
        time.sleep(interval)
        try:
            is_granted, answer = provider.post(address, form)
        except NoConnectionError:
            interval *= 2
            continue
        if is_granted:
            return answer
        error = answer.get("error")
        if error == "slow_down":
            interval += SLOWER_SECONDS
        elif error == "access_denied":
            raise NotAllowedError("LOGIN_DENIED", pick(words, "The login was declined.", "Påloggingen ble avslått."))
        elif error == "expired_token":
            break
        elif error != "authorization_pending":
            raise _refused(answer, words)
    raise NotAllowedError(
        "LOGIN_TIMED_OUT",
        pick(words, "The code was not entered in time.", "Koden ble ikke tastet inn i tide."),
        pick(words, "Run `grille login --oidc` again.", "Kjør `grille login --oidc` igjen."),
    )


def _instructions(code: dict[str, Any], lasts: float, words: Words) -> str:
    address, shown = code.get("verification_uri"), code.get("user_code")
    if not is_https(address) or not isinstance(shown, str) or not shown.strip():
        raise _refused({}, words)
    text = pick(
        words,
        "Log in with a browser, on this machine or another.\n\n  Address  {0}\n  Code     {1}\n\n"
        "The code is good for {2} minutes. Never enter one that you did not ask for yourself.\n",
        "Logg på med en nettleser, på denne maskinen eller en annen.\n\n  Adresse  {0}\n  Kode     {1}\n\n"
        "Koden gjelder i {2} minutter. Tast aldri inn en kode som du ikke selv har bedt om.\n",
    )
    return text.format(address, clean(shown), max(1, int(lasts // 60)))


def _seconds(answer: dict[str, Any], name: str, otherwise: float) -> float:
    value = answer.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else otherwise


def _refused(answer: dict[str, Any], words: Words) -> ClientError:
    why = clean(str(answer.get("error", "")))[:80] or pick(words, "no usable answer", "ikke noe brukbart svar")
    return RefusedError(
        "PROVIDER_REFUSED",
        pick(words, "The login provider refused: {0}.", "Påloggingstjenesten avviste: {0}.").format(why),
        pick(words, "Tell the custodian: the provider may not know this program or this server.",
             "Si fra til forvalteren: tjenesten kjenner kanskje ikke dette programmet eller denne tjeneren."),
    )  # fmt: skip
