"""Filter banks over energies of a spectrum, and what is done to their channels."""
