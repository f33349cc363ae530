"""Runs plans on rows and returns arrays. Imports plan."""
