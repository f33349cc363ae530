"""Engine-neutral frozen dataclasses for expressions and aggregates.

Imports nothing of the server but text and errors.
"""
