"""ADD as an affine step function: few instructions that meet TFLM's three roundings for every pair of inputs."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from motes.ir import Array
from motes.quant import requantize

SHIFTS = (21, 20, 22, 19, 18)
"""Fractional bits of the sum, the likeliest first."""

TRIES = (0, 1, -1)
"""How far, in 64ths of a step of a byte, each factor may be moved."""


@dataclass(frozen=True)
class Rounded:
    """What TFLM computes: inputs brought to one scale, summed, rescaled, clamped; a pair is (multiplier, shift)."""

    a_zero: int
    b_zero: int
    y_zero: int
    a: tuple[int, int]
    b: tuple[int, int]
    y: tuple[int, int]
    low: int
    high: int

    def table(self) -> Array:
        """int64 (256, 256): the output for every a and b from -128 to 127."""
        x = np.arange(-128, 128)
        scaled_a = requantize((x - self.a_zero) << 20, *self.a)
        scaled_b = requantize((x - self.b_zero) << 20, *self.b)
        sums = requantize(scaled_a[:, np.newaxis] + scaled_b, *self.y) + self.y_zero
        return np.asarray(np.clip(sums, self.low, self.high))


@dataclass(frozen=True)
class Affine:
    """clamp((((a * x) >> 8) + ((b * y) >> 8) + offset) >> shift), which is SMLAWB twice and SSAT on Cortex-M4."""

    a: int
    b: int
    offset: int
    shift: int


@functools.lru_cache(maxsize=256)
def fit(rounded: Rounded, a_ratio: float, b_ratio: float) -> Affine | None:
    """Constants that give TFLM's byte for all 65,536 pairs, or None where none were found.

    Args:
        a_ratio, b_ratio: the input's scale over the output's.
    """
    outputs = rounded.table()
    above, below = outputs > rounded.low, outputs < rounded.high
    x = np.arange(-128, 128)
    for shift in SHIFTS:
        if max(a_ratio, b_ratio) * 2.0 ** (8 + shift) >= (1 << 31) - 256:
            continue
        # An output is reached when the sum passes its floor, and left when it passes the next one's.
        floors, ceilings = outputs << shift, ((outputs + 1) << shift) - 1
        for a in (round(a_ratio * 2.0 ** (8 + shift)) + 64 * step for step in TRIES):
            for b in (round(b_ratio * 2.0 ** (8 + shift)) + 64 * step for step in TRIES):
                sums = (a * x >> 8)[:, np.newaxis] + (b * x >> 8)
                least = (floors - sums).max(where=above, initial=-(1 << 40))
                most = (ceilings - sums).min(where=below, initial=1 << 40)
                offset = int(np.clip((least + most) // 2, -(1 << 30), 1 << 30))
                reach = max(abs(int(sums.min())), abs(int(sums.max()))) + abs(offset)
                if least <= offset <= most and reach < 1 << 31:
                    return Affine(a, b, offset, shift)
    return None
