"""The one place where errors become gRPC status codes and details."""

from __future__ import annotations

import grpc

from grille.server.errors import GrilleError, Span
from grille.server.text import Language
from grille.v1 import errors_pb2

DETAIL_KEY = "grille-error-bin"

_CATEGORIES = {
    "syntax": (errors_pb2.ERROR_CATEGORY_SYNTAX, grpc.StatusCode.INVALID_ARGUMENT),
    "unknown_name": (errors_pb2.ERROR_CATEGORY_UNKNOWN_NAME, grpc.StatusCode.NOT_FOUND),
    "type": (errors_pb2.ERROR_CATEGORY_TYPE, grpc.StatusCode.INVALID_ARGUMENT),
    "permission": (errors_pb2.ERROR_CATEGORY_PERMISSION, grpc.StatusCode.PERMISSION_DENIED),
    "disclosure": (errors_pb2.ERROR_CATEGORY_DISCLOSURE, grpc.StatusCode.FAILED_PRECONDITION),
    "budget": (errors_pb2.ERROR_CATEGORY_BUDGET, grpc.StatusCode.RESOURCE_EXHAUSTED),
    "numeric": (errors_pb2.ERROR_CATEGORY_NUMERIC, grpc.StatusCode.FAILED_PRECONDITION),
    "internal": (errors_pb2.ERROR_CATEGORY_INTERNAL, grpc.StatusCode.INTERNAL),
}
_CODES = {
    "SESSION_BUSY": grpc.StatusCode.FAILED_PRECONDITION,
    "SESSION_NOT_REBUILT": grpc.StatusCode.FAILED_PRECONDITION,
    "SESSION_NOT_YET_REBUILT": grpc.StatusCode.UNAVAILABLE,
    "SERVER_STOPPING": grpc.StatusCode.UNAVAILABLE,
}


def status_of(error: GrilleError) -> grpc.StatusCode:
    """Return the status code of an error that ends a call."""
    return _CODES.get(error.reason, _CATEGORIES[error.category][1])


def detail_of(error: GrilleError, language: Language) -> errors_pb2.ErrorDetail:
    """Return the message of an error, texts in `language`."""
    detail = errors_pb2.ErrorDetail(
        reason=error.reason,
        category=_CATEGORIES[error.category][0],
        message=error.message.in_language(language),
        hint=error.hint.in_language(language) if error.hint else "",
    )
    if error.span is not None:
        detail.span.CopyFrom(_span(error.span))
    return detail


def _span(span: Span) -> errors_pb2.Span:
    return errors_pb2.Span(line=span.line, column=span.column, length=max(1, min(span.end - span.start, 10_000)))
