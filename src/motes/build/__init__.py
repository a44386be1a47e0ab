"""From C to something that runs: an image for a board, or a library for this machine."""
