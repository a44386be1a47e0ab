"""POW: one tensor to the power of another, broadcast against each other."""
