"""Who the caller of a request is."""

from __future__ import annotations

from collections.abc import Callable

import grpc

from grille.server.execution.interface import Caller

Identify = Callable[[grpc.ServicerContext], Caller]
"""Returns the caller named by the verified client certificate; raises AccessDeniedError."""
