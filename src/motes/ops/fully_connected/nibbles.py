"""Weights as `fully_connected_nibbles_s8.h` reads them, and when it serves a node."""

from __future__ import annotations

import numpy as np

from motes.ir import Array, DType, Node, Params
from motes.ops.fully_connected.sums import weights_of

WORTH = 512
"""Weights from which on half their bytes are more than the code costs."""

DEEPEST = (1 << 17) - 1
"""Inputs of an output whose products, times 16, an int32 holds."""


def fits(node: Node) -> bool:
    """Whether the file packed the weights, and it is worth while."""
    weights = node.input(1)
    packed = weights.bits in (2, 4) and weights.dtype is DType.INT8
    return packed and node.input(0).dtype is DType.INT8 and weights.elements >= WORTH and weights.shape[1] <= DEEPEST


def params(node: Node) -> Params:
    """The fields of `fully_connected_nibbles_s8_params`."""
    return {**node.op.params(node), "weights": _words(weights_of(node))}


def _words(weights: Array) -> Array:
    """int32 (units * words): eight weights a word, the last word of a row filled up with zeros."""
    units, depth = weights.shape
    padded = np.zeros((units, -(-depth // 8) * 8), np.uint8)
    padded[:, :depth] = weights.astype(np.uint8) & 15
    eights = padded.reshape(-1, 2, 4)
    return np.ascontiguousarray(eights[:, 0] | eights[:, 1] << 4).view("<i4").reshape(-1).astype(np.int32)
