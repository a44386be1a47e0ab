"""A convolution's output channels one by one, as fast kernels see them: weights, folded bias, reachable sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.ir import Array, Node
from motes.ops.conv.step import Rescale
from motes.ops.conv.window import Window


@dataclass(frozen=True)
class Channel:
    """One output channel. Its sum is weights * x + bias, with x as it lies in memory: the zero point is in the bias."""

    weights: Array  # int64, in the order of the file
    bias: int
    rescale: Rescale


def channels(op: Window, node: Node) -> tuple[Channel, ...] | None:
    """The channels, or None where a sum may not fit int32 or a channel is not scaled down by at least two."""
    x, y = node.input(0), node.output
    count = y.shape[3]
    weights = np.moveaxis(op.filter(node).astype(np.int64), op.channel_axis, 0).reshape(count, -1)
    biases = op.bias(node) - x.zero_point * weights.sum(axis=1)
    lows = biases + np.minimum(weights * -128, weights * 127).sum(axis=1)
    highs = biases + np.maximum(weights * -128, weights * 127).sum(axis=1)
    multipliers, shifts = op.rescale(node)
    rights = np.where(multipliers == 0, 1, -shifts.astype(np.int64))
    if lows.min() < -(1 << 31) or highs.max() >= 1 << 31 or rights.min() < 1:
        return None
    return tuple(
        Channel(weights[c], int(biases[c]), Rescale(*map(int, (m, r, y.zero_point, lows[c], highs[c]))))
        for c, (m, r) in enumerate(zip(multipliers, rights, strict=True))
    )
