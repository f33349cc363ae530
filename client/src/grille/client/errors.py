"""Errors of the client with their exit codes, and the one place where a gRPC status becomes one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from grille.client.exits import Exit
from grille.client.words import Words, pick

if TYPE_CHECKING:
    import grpc

    from grille.v1.errors_pb2 import ErrorDetail

DETAIL_KEY = "grille-error-bin"


class ClientError(Exception):
    """Root of the errors that end a run of the client.

    Attributes:
        exit_code: What the shell is told.
        reason: Stable UPPER_SNAKE reason.
        message: One sentence.
        hint: What to do about it; may be empty.
    """

    exit_code: ClassVar[Exit] = Exit.FAILED

    def __init__(self, reason: str, message: str, hint: str = "") -> None:
        """Make an error; `reason` is UPPER_SNAKE."""
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.hint = hint


class RefusedError(ClientError):
    """The server answered, but not with what was asked for."""


class StoppedError(ClientError):
    """The user stopped the run."""


class UsageError(ClientError):
    """The client was called with something that it cannot use."""

    exit_code = Exit.USAGE


class NoConnectionError(ClientError):
    """No server could be reached, or it could not prove who it is."""

    exit_code = Exit.NO_CONNECTION


class NotAllowedError(ClientError):
    """The server knows the caller, or refuses to, and says no."""

    exit_code = Exit.NOT_ALLOWED


def stopped(words: Words) -> StoppedError:
    """Return the error of a run that the user stopped with Ctrl-C."""
    return StoppedError(
        "CANCELLED",
        pick(words, "Cancelled. The running command was stopped in the server.",
             "Avbrutt. Kommandoen som kjørte, er stoppet på tjeneren."),
    )  # fmt: skip


def from_rpc(error: grpc.RpcError, address: str, words: Words, *, begun: bool = False) -> ClientError:
    """Return what a failed call means to the user.

    Args:
        error: The call, as raised by grpcio.
        address: Host and port that were called, for the message.
        words: Language of messages that the client itself makes.
        begun: Whether the server had answered already, so that it was there a moment ago.

    Source: google.rpc.Code; the server adds a serialized grille.v1.ErrorDetail under `grille-error-bin`.
    """
    import grpc

    code: grpc.StatusCode = error.code()
    detail = detail_of(error)
    if detail is not None:
        kind = _KIND_OF_CODE.get(code.name, RefusedError)
        return kind(detail.reason, detail.message, detail.hint)
    text = (error.details() or "").strip()
    if code is grpc.StatusCode.UNAVAILABLE:
        return _lost(address, words) if begun else _unreachable(text, address, words)
    if code is grpc.StatusCode.CANCELLED:
        # A call that the user stopped does not come here: the server ended this one.
        return _lost(address, words)
    return _unexplained(code, text, address, words)


def _unexplained(code: grpc.StatusCode, text: str, address: str, words: Words) -> ClientError:
    """Return what a status means that gRPC made by itself; its own text is for programmers and not shown."""
    if code.name == "UNIMPLEMENTED":
        message = pick(
            words, "The server at {0} does not know this request.", "Tjeneren på {0} kjenner ikke denne forespørselen."
        )
        hint = pick(words, "Client and server have different versions; ask for the right client.",
                    "Klient og tjener har ulike versjoner; be om riktig klient.")  # fmt: skip
        return RefusedError("UNIMPLEMENTED", message.format(address), hint)
    if code.name == "RESOURCE_EXHAUSTED" and "larger than max" in text:
        return RefusedError(
            "MESSAGE_TOO_LARGE",
            pick(words, "The script, or the answer to it, is larger than client and server send.",
                 "Skriptet, eller svaret på det, er større enn det klient og tjener sender."),
            pick(words, "Split the script, or ask for smaller tables.",
                 "Del opp skriptet, eller be om mindre tabeller."),
        )  # fmt: skip
    if code.name == "RESOURCE_EXHAUSTED":
        return RefusedError(
            "SERVER_BUSY",
            pick(words, "The server at {0} has too many requests at this moment.",
                 "Tjeneren på {0} har for mange forespørsler nå.").format(address),
            pick(words, "Try again in a little while.", "Prøv igjen om en liten stund."),
        )  # fmt: skip
    if code.name == "DEADLINE_EXCEEDED":
        return NoConnectionError(
            "NO_ANSWER",
            pick(words, "The server at {0} did not answer in time.",
                 "Tjeneren på {0} svarte ikke i tide.").format(address),
            pick(words, "Try again in a little while.", "Prøv igjen om en liten stund."),
        )  # fmt: skip
    return _KIND_OF_CODE.get(code.name, RefusedError)(
        "UNEXPECTED_ANSWER",
        pick(words, "The server at {0} gave an answer that the client does not understand ({1}).",
             "Tjeneren på {0} ga et svar som klienten ikke forstår ({1}).").format(address, code.name),
        pick(words, "Check that the address leads to a grille server.", "Sjekk at adressen er en grille-tjener."),
    )  # fmt: skip


def _lost(address: str, words: Words) -> NoConnectionError:
    return NoConnectionError(
        "CONNECTION_LOST",
        pick(words, "The connection to the server at {0} was lost.",
             "Forbindelsen til tjeneren på {0} ble brutt.").format(address),
        pick(words, "The server may have been stopped. Answers until now are complete; run the rest again.",
             "Tjeneren kan ha blitt stoppet. Svarene så langt er fullstendige; kjør resten på nytt."),
    )  # fmt: skip


def detail_of(error: grpc.RpcError) -> ErrorDetail | None:
    """Return the server's own description of a failed call, or None when it sent none."""
    from grille.v1.errors_pb2 import ErrorDetail

    for entry in error.trailing_metadata() or ():
        if entry.key == DETAIL_KEY and isinstance(entry.value, bytes):
            return ErrorDetail.FromString(entry.value)
    return None


_KIND_OF_CODE: dict[str, type[ClientError]] = {
    "UNAUTHENTICATED": NotAllowedError,
    "PERMISSION_DENIED": NotAllowedError,
    "UNAVAILABLE": NoConnectionError,
}


def _unreachable(text: str, address: str, words: Words) -> NoConnectionError:
    if "CERTIFICATE_VERIFY_FAILED" in text or "Hostname Verification" in text or "certificate" in text.lower():
        return NoConnectionError(
            "SERVER_NOT_TRUSTED",
            pick(words, "The server at {0} did not prove that it is the one in your credentials.",
                 "Tjeneren på {0} kunne ikke bevise at den er den som står i påloggingsfilen din.").format(address),
            pick(words, "Check the address and GRILLE_SERVER; if the server has new certificates, ask for a new file.",
                 "Sjekk adressen og GRILLE_SERVER; har tjeneren fått nye sertifikater, be om en ny fil."),
        )  # fmt: skip
    if "Socket closed" in text or "Connection reset" in text:  # TLS 1.3 tells a client no more than this
        return NoConnectionError(
            "CONNECTION_CLOSED",
            pick(words, "The server at {0} was reached but did not let you in.",
                 "Tjeneren på {0} svarte, men slapp deg ikke inn.").format(address),
            pick(words, "Your credentials may be those of another server, or no longer valid; ask for a new file.",
                 "Påloggingsfilen kan være en annen tjeners, eller ikke lenger gyldig; be om en ny fil."),
        )  # fmt: skip
    return NoConnectionError(
        "NO_CONNECTION",
        pick(words, "No contact with the server at {0}.", "Får ikke kontakt med tjeneren på {0}.").format(address),
        pick(words, "Check that the server runs, that the address is right and that no firewall is in the way.",
             "Sjekk at tjeneren kjører, at adressen er riktig og at ingen brannmur er i veien."),
    )  # fmt: skip
