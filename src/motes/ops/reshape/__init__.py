"""RESHAPE, EXPAND_DIMS and SQUEEZE: the same bytes under another shape."""
