"""The average of the last scores."""
