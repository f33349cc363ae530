"""gRPC servicers, TLS and the mapping of errors to status codes."""
