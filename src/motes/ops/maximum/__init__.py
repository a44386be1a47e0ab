"""MAXIMUM and MINIMUM: the larger or the smaller of two tensors' elements."""
