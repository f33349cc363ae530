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


def from_rpc(error: grpc.RpcError, address: str, words: Words) -> ClientError:
    """Return what a failed call means to the user.

    Args:
        error: The call, as raised by grpcio.
        address: Host and port that were called, for the message.
        words: Language of messages that the client itself makes.

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
        return _unreachable(text, address, words)
    if code is grpc.StatusCode.CANCELLED:
        return stopped(words)
    if code is grpc.StatusCode.UNIMPLEMENTED:
        message = pick(
            words, "The server at {0} does not know this request.", "Tjeneren på {0} kjenner ikke denne forespørselen."
        )
        hint = pick(words, "Client and server have different versions; ask for the right client.",
                    "Klient og tjener har ulike versjoner; be om riktig klient.")  # fmt: skip
        return RefusedError("UNIMPLEMENTED", message.format(address), hint)
    return _KIND_OF_CODE.get(code.name, RefusedError)(code.name, text or code.name)


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
    "DEADLINE_EXCEEDED": NoConnectionError,
    "CANCELLED": StoppedError,
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
    return NoConnectionError(
        "NO_CONNECTION",
        pick(words, "No contact with the server at {0}.", "Får ikke kontakt med tjeneren på {0}.").format(address),
        pick(words, "Check that the server runs, that the address is right and that no firewall is in the way.",
             "Sjekk at tjeneren kjører, at adressen er riktig og at ingen brannmur er i veien."),
    )  # fmt: skip
