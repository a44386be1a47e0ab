"""CUMSUM: running sums along an axis."""
