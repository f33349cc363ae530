"""The hash chain of records, signed checkpoints and their verification."""
