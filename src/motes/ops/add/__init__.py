"""ADD, SUB and ADD_N: sums and differences of tensors."""
