"""GATHER, GATHER_ND and EMBEDDING_LOOKUP: elements by their indices."""
