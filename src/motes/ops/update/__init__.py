"""DYNAMIC_UPDATE_SLICE: a part of a tensor replaced."""
