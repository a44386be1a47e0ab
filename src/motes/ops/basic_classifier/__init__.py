"""BasicClassifier: which of some scores reach their thresholds."""
