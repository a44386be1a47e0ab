"""BATCH_MATMUL: matrices times matrices."""
