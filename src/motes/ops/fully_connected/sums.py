"""What each output sums, and how sums become outputs."""

from __future__ import annotations

import numpy as np

from motes.errors import BadInput
from motes.ir import Array, DType, Node, Tensor
from motes.ops.common import CONVERT_AGAIN, multiplier, multiplier_s64


def check_shapes(node: Node) -> tuple[int, int]:
    """(units, depth) of weights that fit the input and the output, whatever their ranks."""
    x, weights, y = node.input(0), node.input(1), node.output
    if len(weights.shape) != 2:
        raise BadInput(f"{node}: its weights, {weights}, are not a matrix; {CONVERT_AGAIN}")
    units, depth = weights.shape
    if not y.shape or y.shape[-1] != units or x.elements * units != y.elements * depth:
        raise BadInput(f"{node}: {x} times {weights} does not give {y}; {CONVERT_AGAIN}")
    return units, depth


def weights_of(node: Node) -> Array:
    """The weights, int8 (units, depth)."""
    data = node.input(1).data
    assert data is not None
    return data


def bias_tensor(node: Node) -> Tensor | None:
    """The bias, where there is one."""
    return node.inputs[2] if len(node.inputs) == 3 else None


def wide(node: Node) -> bool:
    """Whether sums have 64 bits."""
    bias = bias_tensor(node)
    return node.input(0).dtype is DType.INT16 and (bias is None or bias.dtype is DType.INT64)


def bias_of(node: Node) -> Array:
    """The bias (units) in its own type; zeros, int64, where there is none."""
    bias = bias_tensor(node)
    if bias is None:
        return np.zeros(node.input(1).shape[0], np.int64)
    assert bias.data is not None
    return bias.data.reshape(-1)


def folded_bias(node: Node) -> Array:
    """int32 (units): the bias with the input's zero point folded in, modulo 2^32.

    sum(w * (x - zero)) + bias = sum(w * x) + (bias - zero * sum(w)).
    """
    folded = bias_of(node) - node.input(0).zero_point * weights_of(node).sum(axis=1, dtype=np.int64)
    return np.asarray(folded).astype(np.int32)


def rescaling(node: Node, wide: bool = False) -> tuple[Array, Array]:
    """Multipliers (int32) and shifts (int8) from sums to outputs: one for all units, or one for each.

    Args:
        wide: sums of 64 bits, whose left shifts are smaller.
    """
    x, weights, y = node.input(0), node.input(1), node.output
    assert weights.quant is not None
    reals = (x.scale * scale / y.scale for scale in weights.quant.scale)
    scaled = (multiplier_s64(node, real) if wide else multiplier(node, real) for real in reals)
    multipliers, shifts = zip(*scaled, strict=True)
    return np.array(multipliers, np.int32), np.array(shifts, np.int8)
