"""Turns evidence into released results: noise, rules, ledger, gate. Pure functions; numbers come from the
policy."""
