"""Synthetic twins of bank versions: the same variables with invented values, made from published metadata alone."""
