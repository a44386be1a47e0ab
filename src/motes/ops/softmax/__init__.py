"""SOFTMAX: scores become probabilities."""
