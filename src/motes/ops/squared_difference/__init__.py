"""SQUARED_DIFFERENCE: the square of the difference of two tensors."""
