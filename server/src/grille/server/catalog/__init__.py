"""Data banks, versions, register variables, code lists; the synthetic register."""
