"""SHAPE, RANK, FILL, BROADCAST_TO, BROADCAST_ARGS, TILE and ONE_HOT: shapes, and tensors made to them."""
