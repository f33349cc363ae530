"""The audit log: a hash chain of records in files that only grow, signed checkpoints, and their offline verification.

Reader's order: record, chain, merkle, signing, checkpoint, head, files, tail, writer, log; walk, verify. Imports
nothing of the server but text and errors.
"""
