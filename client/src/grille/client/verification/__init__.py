"""Offline verification: results against their receipts, records and exports of the audit log against the public key."""
