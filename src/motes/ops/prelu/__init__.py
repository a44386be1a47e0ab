"""PRELU: a slope of its own below 0, for each channel or element."""
