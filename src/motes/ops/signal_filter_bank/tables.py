"""Constants of the operators on channels, as kernels take them."""

from __future__ import annotations

import math

import numpy as np

from motes.ir import Array

CURVE = 125
"""Values of a curve of gains as files hold it: two, and three for each of 31 octaves, which begin four apart."""


def log_table() -> Array:
    """uint16 (129): 2^16 (log2(1 + i / 128) - i / 128)."""
    return np.array([round(65536 * (math.log2(1 + i / 128) - i / 128)) for i in range(129)], np.uint16)


def compact_curve(curve: Array) -> Array:
    """int16 (95): the same without the places between octaves, where nothing is read."""
    octaves = [curve[2 + 4 * i : 5 + 4 * i] for i in range(31)]
    return np.concatenate([curve[:2], *octaves])


def slopes(
    weights: Array, unweights: Array, frequency_starts: Array, weight_starts: Array, widths: Array
) -> tuple[Array, Array, Array]:
    """The slopes of a filter bank without the bins at their ends that weigh nothing.

    Args:
        weights, unweights: what a bin counts in the channel below, and in the one above.
        frequency_starts, weight_starts, widths: the first bin of each slope, its place among the weights, and how many
            bins it has.

    Returns:
        starts (slopes), widths (slopes), and (bins, 2): both weights of each bin, slope after slope.
    """
    starts, counts, rows = [], [], [np.zeros((0, 2), np.int16)]
    for first, at, width in zip(frequency_starts.tolist(), weight_starts.tolist(), widths.tolist(), strict=True):
        both = np.stack([weights[at : at + max(width, 0)], unweights[at : at + max(width, 0)]], axis=1)
        used = np.flatnonzero(both.any(axis=1))
        low, high = (int(used[0]), int(used[-1]) + 1) if used.size else (0, 0)
        starts.append(first + low if used.size else 0)
        counts.append(high - low)
        rows.append(both[low:high])
    return np.array(starts, np.uint16), np.array(counts, np.uint16), np.concatenate(rows)
