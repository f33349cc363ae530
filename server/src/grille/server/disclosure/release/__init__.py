"""From evidence to content, one file per kind: asks the rules, then the ledger, then noises, rounds and marks.

A function here returns content with the remarks of the rules that touched it, or raises a DisclosureError. What it
returns is not released: only gate.py wraps it.
"""
