"""One worker process per session, forked from a warm fork server."""
