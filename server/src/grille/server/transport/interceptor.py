"""The interceptor around every call: who calls, what went wrong, how long it took."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import grpc

from grille.server.errors import BudgetError, GrilleError, InternalError, TypeMismatchError
from grille.server.text import Language, Text
from grille.server.transport.errors import DETAIL_KEY, detail_of, status_of
from grille.v1 import session_pb2

OnCall = Callable[[str, str, float], None]
Admit = Callable[[grpc.ServicerContext, str], None]
OnError = Callable[[grpc.ServicerContext, str, GrilleError], None]


class ErrorInterceptor(grpc.ServerInterceptor):
    """Turns every exception of a servicer into a status with an ErrorDetail; nothing else reaches the client."""

    def __init__(self, on_call: OnCall, most_calls: int, admit: Admit, on_error: OnError = lambda *_: None) -> None:
        """Tell `on_call` of every finished call, and refuse calls beyond `most_calls` at the same time.

        Args:
            on_call: Told the method, OK or a reason or the class of an exception, and the seconds that it took.
            most_calls: The server's pool needs a few threads more, for refusals and for the health service.
            admit: Asked before every call of ours, with its method; raises the error with which it is turned away.
            on_error: Told of every error before its caller is; what it raises is told in its place.
        """
        self._on_call = on_call
        self._admit = admit
        self._on_error = on_error
        self._places = threading.BoundedSemaphore(most_calls)

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """Wrap the handler of one call; see grpc.ServerInterceptor."""
        handler = continuation(details)
        if handler is None:
            return handler
        method, is_ours = details.method, details.method.startswith("/grille.v1.")
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                self._stream(method, handler.unary_stream) if is_ours else _refusing(handler.unary_stream),
                request_deserializer=reading(handler.request_deserializer),
                response_serializer=handler.response_serializer,
            )
        return grpc.unary_unary_rpc_method_handler(
            self._unary(method, handler.unary_unary) if is_ours else _refusing(handler.unary_unary),
            request_deserializer=reading(handler.request_deserializer),
            response_serializer=handler.response_serializer,
        )

    def _unary(self, method: str, inner: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def call(request: Any, context: grpc.ServicerContext) -> Any:
            start = time.monotonic()
            try:
                with self._place():
                    self._admit(context, method)
                    response = inner(_message(request), context)
            except Exception as error:
                self._fail(method, request, context, error, start)
            self._on_call(method, "OK", time.monotonic() - start)
            return response

        return call

    def _stream(self, method: str, inner: Callable[[Any, Any], Iterator[Any]]) -> Callable[[Any, Any], Iterator[Any]]:
        def call(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
            start = time.monotonic()
            try:
                with self._place():
                    self._admit(context, method)
                    yield from inner(_message(request), context)
            except GeneratorExit:  # the client has gone
                self._on_call(method, "CANCELLED", time.monotonic() - start)
                raise
            except Exception as error:
                self._fail(method, request, context, error, start)
            self._on_call(method, "OK", time.monotonic() - start)

        return call

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise BudgetError(
                "SERVER_BUSY",
                Text("The server has too many requests at this moment.", "Tjeneren har for mange forespørsler nå."),
                hint=Text("Try again in a little while.", "Prøv igjen om en liten stund."),
            )
        try:
            yield
        finally:
            self._places.release()

    def _fail(
        self, method: str, request: Any, context: grpc.ServicerContext, error: Exception, start: float
    ) -> NoReturn:
        reason = error.reason if isinstance(error, GrilleError) else type(error).__name__
        self._on_call(method, reason, time.monotonic() - start)
        told = error if isinstance(error, GrilleError) else _fault()
        try:
            self._on_error(context, method, told)
        except GrilleError as unrecorded:
            told = unrecorded
        language = language_of(getattr(request, "language", 0))
        detail = detail_of(told, language)
        context.set_trailing_metadata(((DETAIL_KEY, detail.SerializeToString()),))
        context.abort(status_of(told), f"{told.reason}: {detail.message}")
        raise AssertionError("abort raises")


class Unreadable:
    """Stands for the bytes of a request that is no message of its method."""


def reading(deserialize: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """Return what reads a request, and gives an Unreadable where that fails.

    gRPC's own way with a failure keeps a thread and a stream for ever: as many bad requests as the server has threads,
    and it hears nobody any more.
    """

    def read(data: bytes) -> Any:
        try:
            return deserialize(data)
        except Exception:  # whatever the library finds wrong with it
            return Unreadable()

    return read


def _message(request: Any) -> Any:
    """Return a request that could be read; raises TypeMismatchError BAD_MESSAGE."""
    if isinstance(request, Unreadable):
        raise TypeMismatchError(
            "BAD_MESSAGE",
            Text("The request cannot be read.", "Forespørselen kan ikke leses."),
            hint=Text(
                "Update the client: it may be older or newer than the server.",
                "Oppdater klienten: den kan være eldre eller nyere enn tjeneren.",
            ),
        )
    return request


def _refusing(inner: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return the behaviour of a service that is not ours, for requests that can be read."""

    def call(request: Any, context: grpc.ServicerContext) -> Any:
        if isinstance(request, Unreadable):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "BAD_MESSAGE")
        return inner(request, context)

    return call


def language_of(value: int) -> Language:
    """Return the language that a request names; English when it names none."""
    return Language.NORWEGIAN if value == session_pb2.LANGUAGE_NORWEGIAN else Language.ENGLISH


def _fault() -> InternalError:
    return InternalError(
        "SERVER_FAULT",
        Text("The server failed on this request.", "Serveren feilet på denne forespørselen."),
        hint=Text("Tell the custodian when it happened.", "Si fra til forvalteren om tidspunktet."),
    )
