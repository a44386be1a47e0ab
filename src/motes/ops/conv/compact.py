"""Step functions of a layer in six bytes a channel, as `depthwise_planes_s8_dsp.h` reads them.

A proven offset hardly says anything new: it is nearly what follows from the channel's bias and multiplier, the zero
point, and TFLM's first rounding. So a channel has its bias, the upper bits of its multiplier, and by how much the
offset differs; the multiplier is chosen so that this is little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motes.ir import Array
from motes.ops.conv.channels import Channel
from motes.ops.conv.step import TRIES, ideal, offsets

MULTIPLIER, BIAS, CHANGE = 27, 18, 3
"""Bits of each number; bias and change are signed."""


@dataclass(frozen=True)
class Compact:
    """`coarse`: how many lower bits multipliers lack; `words`: uint16, (channels, 3)."""

    coarse: int
    words: Array


def compact(each: Sequence[Channel], factor: int, shift: int) -> Compact | None:
    """The step functions for sums without bias, times 256 * factor; None: one does not fit, or is not proven.

    Args:
        shift: as `fit` takes it.
    """
    largest = max((ideal(c.rescale, 256 * factor, shift) for c in each if c.rescale.constant is None), default=0)
    coarse = max(0, largest.bit_length() - MULTIPLIER)
    found = [_word(c, factor, shift, coarse) for c in each]
    if None in found:
        return None
    words = np.array(found, np.uint64)
    parts = np.stack([words & 0xFFFF, words >> np.uint64(16) & 0xFFFF, words >> np.uint64(32)], axis=1)
    return Compact(coarse, parts.astype(np.uint16))


def _word(channel: Channel, factor: int, shift: int, coarse: int) -> int | None:
    """The 48 bits of a channel: halfwords 0 and 1 are the multiplier and 5 bits of what 2 ends, bias and change."""
    rescale, half = channel.rescale, 1 << CHANGE - 1
    if rescale.constant is not None:
        return _bits(1, 0, 0) if rescale.constant == rescale.zero_point else None  # at least 1 has a logarithm
    if not -(1 << BIAS - 1) <= channel.bias < 1 << BIAS - 1 or abs(channel.bias) * factor >= 1 << 23:
        return None
    first = ideal(rescale, 256 * factor, shift) >> coarse
    for tries in TRIES:
        upper = first + np.array(tries, np.int64)
        upper = upper[(upper > 0) & (upper < 1 << MULTIPLIER)]
        least, most = offsets(rescale, 256 * factor, shift, channel.bias, upper << coarse)
        expected = np.array([expect(int(u) << coarse, channel, factor, shift) for u in upper], np.int64)
        change = np.clip((least + most) // 2 - expected, -half, half - 1)
        for i in np.flatnonzero((least <= expected + change) & (expected + change <= most)):
            return _bits(int(upper[i]), channel.bias, int(change[i]))
    return None


def expect(multiplier: int, channel: Channel, factor: int, shift: int) -> int:
    """The offset that follows from the others; the last part is half of a unit that TFLM rounds to first."""
    zero = (channel.rescale.zero_point << shift) + (1 << shift - 1)
    half = 1 << multiplier.bit_length() + factor.bit_length() - 2 >> 24
    return zero + (channel.bias * factor * multiplier >> 24) + half


def _bits(upper: int, bias: int, change: int) -> int:
    rest = (bias << CHANGE | change + (1 << CHANGE - 1)) & (1 << BIAS + CHANGE) - 1
    return rest >> 16 | upper << 5 | (rest & 0xFFFF) << 32
