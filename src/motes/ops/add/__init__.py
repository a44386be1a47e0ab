"""ADD: the sum of two tensors, broadcast against each other."""
