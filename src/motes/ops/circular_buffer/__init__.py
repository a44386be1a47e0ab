"""CIRCULAR_BUFFER: the last rows of a stream."""
