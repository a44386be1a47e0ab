"""SVDF: a dense layer that remembers, split into weights of features and of time."""
