"""Runs one command for one caller: authorise, compute, disclose, record, answer."""
