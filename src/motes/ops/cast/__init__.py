"""CAST: the same numbers in another type."""
