"""Rows of int8 weights as `c/dense_s8_dsp.h` streams them: dense layers, LSTM and SVDF share its loop."""

from __future__ import annotations

import numpy as np

from motes.ir import Array

SUMS = 8
"""Sums of a block: as many registers."""


def blocks(weights: Array, starts: Array) -> Array | None:
    """int32 (blocks, words) of weights (rows, depth), each sum beginning with its start.

    Two weights of neighbouring rows share a halfword as 256 * w0 + w1. None where a sum may reach 2**23, so that 256
    times it would not fit an int32, or -128 comes above a negative weight.
    """
    wide, starts = weights.astype(np.int64), starts.astype(np.int64)
    largest = np.maximum(wide * 127, wide * -128).sum(axis=1) + starts
    least = np.minimum(wide * 127, wide * -128).sum(axis=1) + starts
    if max(largest.max(), -least.min()) >= 1 << 23:
        return None
    missing = -len(wide) % SUMS
    rows = np.pad(wide, ((0, missing), (0, -wide.shape[1] % 4)))
    starts = np.pad(starts, (0, missing))
    halves = 256 * rows[0::2] + rows[1::2]
    if halves.min() < -(1 << 15):
        return None
    # Blocks x pairs x fours x bytes; SXTB16 takes bytes 0 and 2 of a word of x, and after a rotation 1 and 3.
    fours = halves.reshape(-1, SUMS // 2, rows.shape[1] // 4, 4)
    words = (fours[..., :2] & 0xFFFF) | (fours[..., 2:] & 0xFFFF) << 16
    begin = np.stack([256 * starts[0::2] + starts[1::2], starts[1::2]], axis=1).reshape(-1, SUMS)
    stream = np.concatenate([begin, words.transpose(0, 2, 3, 1).reshape(len(begin), -1)], axis=1)
    return stream.astype(np.uint32).view(np.int32)
