"""AVERAGE_POOL_2D and MAX_POOL_2D: one value stands for each window."""
