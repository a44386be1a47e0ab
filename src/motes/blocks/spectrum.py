"""The table behind `c/spectrum.h`."""

from __future__ import annotations

import math

import numpy as np

from motes.ir import Array


def cosines(size: int) -> Array:
    """float32 (size / 4 + 1): cos(2 pi j / size), from which the transform of `size` points takes all its rotations."""
    return np.array([math.cos(2 * math.pi * j / size) for j in range(size // 4)] + [0.0], np.float32)
