"""Disclosure control: what may leave the server, and in which form.

Reading order: evidence (what came in) and released (what may go out) are the contract; policy holds the numbers; rules/
has one pure function per rule; noise, field, sketch and difference are the mathematics; ledger remembers what was
released; gate puts them together and is the only place that releases. texts has every refusal. Nothing here reads data
or imports an engine.
"""
