"""Output formats of `grille run`, one file each, listed in registry.py. Imports render and results; no connection."""
