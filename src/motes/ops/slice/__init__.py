"""SLICE and STRIDED_SLICE: a part of a tensor."""
