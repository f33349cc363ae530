"""Estimators: arrays in, frozen result dataclasses out. Never sees a session, a connection or a message."""
