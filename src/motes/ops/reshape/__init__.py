"""RESHAPE: the same bytes under another shape."""
