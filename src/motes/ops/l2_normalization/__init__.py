"""L2_NORMALIZATION: rows become vectors of length 1."""
