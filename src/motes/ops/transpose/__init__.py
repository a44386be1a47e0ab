"""TRANSPOSE and REVERSE_V2: the same elements in another order."""
