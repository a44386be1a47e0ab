"""LOGISTIC, TANH, HARD_SWISH, ELU and GELU: activations that bend."""
