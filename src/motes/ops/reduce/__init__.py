"""MEAN, SUM and other reductions: one value stands for all elements along some axes."""
