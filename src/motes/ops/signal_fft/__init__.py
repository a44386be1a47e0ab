"""Fourier transforms of real signals and back, and what goes in front of them and behind: scaling, energies."""
