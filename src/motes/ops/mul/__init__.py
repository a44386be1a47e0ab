"""MUL: the product of two tensors, broadcast against each other."""
