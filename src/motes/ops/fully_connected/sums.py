"""What each output sums, and how sums become outputs."""

from __future__ import annotations

import numpy as np

from motes.ir import Array, Node
from motes.ops.common import multiplier


def weights_of(node: Node) -> Array:
    """The weights, int8 (units, depth)."""
    data = node.input(1).data
    assert data is not None
    return data


def folded_bias(node: Node) -> Array:
    """int32 (units): the bias with the input's zero point folded in, modulo 2^32.

    sum(w * (x - zero)) + bias = sum(w * x) + (bias - zero * sum(w)).
    """
    weights = weights_of(node)
    bias = node.inputs[2] if len(node.inputs) == 3 else None
    start = np.zeros(len(weights), np.int64) if bias is None or bias.data is None else bias.data.reshape(-1)
    return np.asarray(start - node.input(0).zero_point * weights.sum(axis=1, dtype=np.int64)).astype(np.int32)


def rescaling(node: Node) -> tuple[Array, Array]:
    """Multipliers (int32) and shifts (int8) from sums to outputs: one for all units, or one for each."""
    x, weights, y = node.input(0), node.input(1), node.output
    assert weights.quant is not None
    reals = (x.scale * scale / y.scale for scale in weights.quant.scale)
    multipliers, shifts = zip(*(multiplier(node, real) for real in reals), strict=True)
    return np.array(multipliers, np.int32), np.array(shifts, np.int8)
