"""Log energies of mel-spaced bands of sound, in single precision."""
