"""LOG_SOFTMAX: scores become logarithms of probabilities."""
