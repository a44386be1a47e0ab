"""Which label, if any, scores high enough."""
