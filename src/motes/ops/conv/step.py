"""Rescaling as a step function: two instructions that meet TFLM's double rounding, proven for every reachable sum.

A rescaled int8 output takes at most 255 steps as its sum grows. `fit` looks for a multiplier and an offset such that

    clamp(((sum * factor * multiplier >> 32) + offset) >> shift, -128, 127)

makes each step at the very sum where TFLM makes it. Cortex-M4 computes that with SMMLA and SSAT.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from motes.ir import Array
from motes.quant import requantize

TRIES = (range(-2, 3), range(-12, 13), range(-40, 41))
"""How far from the ideal multiplier others are tried: near ones first, most channels need no more."""

MOVES, MOST_MOVED, GOLDEN = 256, 3, 0.6180339887
"""How many distances sums are moved by where they just miss a step function; how many outputs at most; and the share of
the golden section, by which they are spread."""

MOST_SHIFT = 22
"""Zero points shifted by more leave no room for the scaled sum."""


@dataclass(frozen=True)
class Rescale:
    """TFLM's rescaling of one channel: sum * multiplier * 2^-(31 + right), rounded twice, plus the zero point.

    Sums lie in low..high; the output is clamped to int8.
    """

    multiplier: int
    right: int  # at least 1
    zero_point: int
    low: int
    high: int

    def __call__(self, sums: Array) -> Array:
        """The outputs, int64, of int64 sums."""
        scaled = requantize(sums, self.multiplier, -self.right) + self.zero_point
        return np.asarray(np.clip(scaled, -128, 127))

    @functools.cached_property
    def constant(self) -> int | None:
        """The one output that every reachable sum gives, if there is one."""
        low, high = self(np.array([self.low, self.high]))
        return int(low) if low == high else None

    @property
    def roundable(self) -> bool:
        """Whether `rounded` serves every reachable sum: twice a sum, and the output before its shift, fit int32."""
        return self.constant is not None or (max(-self.low, self.high) < 1 << 30 and self.right <= MOST_SHIFT)

    @property
    def rounded(self) -> tuple[int, int, int]:
        """(multiplier, offset, right): an output is (high - (high < 0) + offset) >> right, clamped.

        `high` is round(sum * multiplier / 2**31), halves up: SMMULR of twice the sum.
        """
        if self.constant is not None:
            return 0, (self.constant << 8) + 128, 8  # whatever sign the kernel takes off
        return self.multiplier, (1 << self.right - 1) + (self.zero_point << self.right), self.right

    @functools.cached_property
    def thresholds(self) -> tuple[Array, Array]:
        """(outputs, sums): the smallest sum that reaches each output above the least one."""
        first, last = (int(v) for v in self(np.array([self.low, self.high])))
        outputs = np.arange(first + 1, last + 1, dtype=np.int64)
        above = outputs - self.zero_point
        # Halves round away from zero, so that a negative step needs one more than its half.
        high = (above << self.right) - (1 << self.right - 1) + (above <= 0)
        return outputs, -((-((high << 31) - (1 << 30))) // self.multiplier)


def fit(rescale: Rescale, factor: int, shift: int, bias: int = 0) -> tuple[int, int] | None:
    """(multiplier, offset), int32, for sums that come without `bias` and times `factor`; None: none was found.

    The pair is proven for every reachable sum: neither side ever falls as the sum grows, so it is enough to compare
    them on both sides of each step and at the ends.

    Args:
        shift: 1 to `MOST_SHIFT`; the larger, the finer, up to `log2(factor) - 1 + rescale.right`.
    """
    if max(bias - rescale.low, rescale.high - bias) * factor >= 1 << 31:
        return None if rescale.constant is None else _same(rescale.constant, shift)
    return _search(rescale, factor, shift, bias, 0)


def fit_moved(rescale: Rescale, factor: int, shift: int) -> tuple[int, int, int] | None:
    """(moved, multiplier, offset) for sums that are `moved` less, and times `factor`; None: none was found.

    Where sums just miss a step function, they often meet one if they are a little less or more: the offset, which makes
    up for that, is then rounded another way. Only where no output lies beyond the zero point as seen from another:
    steps on both sides of it are not even. Sums stay below 2**23, and offsets near what they are else.
    """
    found = fit(rescale, factor, shift)
    if found is not None:
        return 0, *found
    outputs, _ = rescale.thresholds
    if len(outputs) and outputs[0] <= rescale.zero_point < outputs[-1]:
        return None
    output = 2.0 ** (31 + rescale.right) / rescale.multiplier  # how much a sum grows from one to the next
    for k in range(1, MOVES):
        moved = round(MOST_MOVED * output * (k * GOLDEN % 2 - 1))
        if max(moved - rescale.low, rescale.high - moved) < 1 << 23:
            found = fit(rescale, factor, shift, moved)
            if found is not None:
                return moved, *found
    return None


def fit_signed(rescale: Rescale, factor: int, shift: int) -> tuple[int, int, int] | None:
    """(multiplier, offset, less), int32, for sums that come times `factor`; None: none was found.

    TFLM rounds halves away from zero, so that steps below zero come a little later than those above. Hence `less`:

        clamp(((sum * factor * multiplier >> 32) + offset - (less if sum < 0 else 0)) >> shift, -128, 127)

    It is proven as what `fit` finds is.
    """
    for less in (0, 1 << shift - rescale.right) if rescale.right <= shift else (0,):
        step = _search(rescale, factor, shift, 0, less)
        if step is not None:
            return *step, less
    return None


def _search(rescale: Rescale, factor: int, shift: int, bias: int, less: int) -> tuple[int, int] | None:
    if rescale.constant is not None:
        return _same(rescale.constant, shift)
    found = (_fit(rescale, factor, shift, bias, less, np.array(tries, np.int64)) for tries in TRIES)
    return next((pair for pair in found if pair is not None), None)


def _same(output: int, shift: int) -> tuple[int, int]:
    """One output, whatever the sum."""
    return 0, (output << shift) + (1 << shift - 1)


def _fit(rescale: Rescale, factor: int, shift: int, bias: int, less: int, tries: Array) -> tuple[int, int] | None:
    multipliers = ideal(rescale, factor, shift) + tries
    least, most = offsets(rescale, factor, shift, bias, multipliers, less)
    # Where there is a choice, what rounds halves up: the offsets of channels lie close together then.
    usual = (rescale.zero_point << shift) + (1 << shift - 1) + (bias * factor * multipliers >> 32)
    for i in np.flatnonzero(least <= most):
        return int(multipliers[i]), int(min(max(usual[i], least[i]), most[i]))
    return None


def fit_following(rescale: Rescale, shift: int, coarse: int = 0, bits: int = 31) -> int | None:
    """The multiplier, for sums that come times 256, whose offset is the one of `following`; None: none was found.

    Args:
        coarse: how many lower bits it is to lack; what is returned is without them.
        bits: it has that many then, at most.
    """
    for tries in TRIES:
        upper = (ideal(rescale, 256, shift) >> coarse) + np.array(tries, np.int64)
        upper = upper[(upper > 0) & (upper < 1 << min(bits, 31 - coarse))]
        least, most = offsets(rescale, 256, shift, 0, upper << coarse)
        offset = np.array([following(int(u) << coarse, rescale.zero_point, shift) for u in upper])
        for i in np.flatnonzero((least <= offset) & (offset <= most)):
            return int(upper[i])
    return None


def following(multiplier: int, zero_point: int, shift: int) -> int:
    """The offset that follows from a multiplier, which has 31 bits: the zero point, half an output, and half of what
    TFLM rounds to first."""
    return (zero_point << shift) + (1 << shift - 1) + (128 >> 32 - multiplier.bit_length())


def ideal(rescale: Rescale, factor: int, shift: int) -> int:
    """The multiplier that scales sums that come times `factor` as TFLM does, to outputs times 2**shift."""
    return round(rescale.multiplier * 2.0 ** (1 + shift - rescale.right) / factor)


def offsets(
    rescale: Rescale, factor: int, shift: int, bias: int, multipliers: Array, less: int = 0
) -> tuple[Array, Array]:
    """(least, most): the offsets that make a step function with each multiplier; those with least > most make none.

    Rescalings of one output only have none. The arguments are those of `fit` and `fit_signed`.
    """
    outputs, sums = rescale.thresholds

    def product(at: Array) -> Array:
        return np.asarray(((at - bias) * factor * multipliers[:, np.newaxis] >> 32) - less * (at < 0))

    # An offset of `least` lets every step come in time, one of `most` lets none come early.
    least = ((outputs << shift) - product(sums)).max(axis=1)
    most = ((outputs << shift) - 1 - product(sums - 1)).min(axis=1)
    ends = product(np.array([rescale.low, rescale.high], np.int64))
    first, last = int(outputs[0]) - 1, int(outputs[-1])
    if first > -128:
        least = np.maximum(least, (first << shift) - ends[:, 0])
    if last < 127:
        most = np.minimum(most, ((last + 1) << shift) - 1 - ends[:, 1])
    # Both the offset and what it makes of any sum are int32.
    least = np.maximum(least, -(1 << 31) - np.minimum(ends[:, 0], 0))
    most = np.minimum(most, (1 << 31) - 1 - np.maximum(ends[:, 1], 0))
    return least, np.where((multipliers > 0) & (multipliers < 1 << 31), most, least - 1)
