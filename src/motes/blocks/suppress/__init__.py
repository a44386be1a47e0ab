"""Not the same event twice."""
