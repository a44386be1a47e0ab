"""FULLY_CONNECTED: every output is a weighted sum of every input."""
