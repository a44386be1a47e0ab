"""DIV, FLOOR_DIV and FLOOR_MOD: quotients and remainders of two tensors."""
