"""AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D: one value stands for each window."""
