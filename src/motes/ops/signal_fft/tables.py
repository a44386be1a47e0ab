"""The constants of Fourier transforms as KISS FFT computes them, in double precision, rounded once."""

from __future__ import annotations

import math

import numpy as np

from motes.ir import Array, DType

LARGEST = {DType.INT16: 32767, DType.INT32: 2147483647}
"""What stands for 1 in fixed point."""

RADICES = (5, 3, 2, 4)
"""The stages' radices, in the order in which they run."""


def factors(points: int) -> tuple[int, int, int] | None:
    """How many stages of radix 5, 3 and 2 there are in front of those of radix 4; None: there are others, too."""
    counts = []
    for radix in (4, 2, 3, 5):
        counts.append(0)
        while points % radix == 0:
            points //= radix
            counts[-1] += 1
    return (counts[3], counts[2], counts[1]) if points == 1 else None


def _units(phases: list[float], dtype: DType) -> Array:
    """exp(i phase) for each, real and imaginary part."""
    if dtype is DType.FLOAT32:
        return np.array([(math.cos(p), math.sin(p)) for p in phases], np.float32)
    one = LARGEST[dtype]
    rounded = [(math.floor(0.5 + one * math.cos(p)), math.floor(0.5 + one * math.sin(p))) for p in phases]
    return np.array(rounded, dtype.numpy)


def twiddles(points: int, dtype: DType = DType.INT16, inverse: bool = False) -> Array:
    """(number, 2): exp(-2 pi i k / points), for as many k as the stages take."""
    largest = max(radix for radix in (2, 3, 4, 5) if points % radix == 0)
    sign = 1 if inverse else -1
    return _units([sign * (2 * math.pi * k / points) for k in range(points - points // largest)], dtype)


def split(points: int, dtype: DType = DType.INT16, inverse: bool = False) -> Array:
    """(points / 2, 2): exp(-i pi (k / points + 1/2)) for k from 1."""
    sign = 1 if inverse else -1
    return _units([sign * (math.pi * (k / points + 0.5)) for k in range(1, points // 2 + 1)], dtype)


def places(points: int) -> Array:
    """uint16 (points): where each value lies before the first stage: its index, digits reversed."""
    found, unit = np.zeros(points, np.int64), points
    rest = np.arange(points)
    fives, threes, twos = factors(points) or (0, 0, 0)
    fours = (points // (5**fives * 3**threes * 2**twos)).bit_length() // 2
    for radix in [4] * fours + [2] * twos + [3] * threes + [5] * fives:
        unit //= radix
        found += rest % radix * unit
        rest //= radix
    return found.astype(np.uint16)
