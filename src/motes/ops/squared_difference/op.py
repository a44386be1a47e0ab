"""SQUARED_DIFFERENCE."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.ir import Array, Builtin, DType, Kernel, Node, Params
from motes.ops.broadcast import QUANTIZED, Elementwise, check_symmetric, clamp, fused_limits, in_place, is_type
from motes.ops.common import multiplier
from motes.quant import quantize_multiplier, requantize

HEADROOM = {DType.INT8: 7, DType.INT16: 0}
"""Bits that both inputs are shifted left by before they are brought to one scale: TFLM's choice."""


@dataclass(frozen=True)
class SquaredDifference(Elementwise):
    """(a - b) * (a - b), elementwise; axes of size 1, or missing in front, are repeated.

    Dtypes: int8; int16 with zero points of 0; int32, wrapping; float32. Quantized inputs are both brought to twice the
    larger scale, with 7 more bits where they are int8. Source: TFLM's SQUARED_DIFFERENCE.
    """

    tflite = (Builtin("SQUARED_DIFFERENCE"),)
    types = (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)
    kernels = (
        Kernel("squared_difference_s8", "squared_difference.h", fits=is_type(DType.INT8), in_place=in_place),
        Kernel("squared_difference_s16", "squared_difference.h", fits=is_type(DType.INT16), in_place=in_place),
        Kernel("squared_difference_s32", "squared_difference.h", fits=is_type(DType.INT32), in_place=in_place),
        Kernel("squared_difference_f32", "squared_difference.h", fits=is_type(DType.FLOAT32), in_place=in_place),
    )

    def check_types(self, node: Node) -> None:
        super().check_types(node)
        check_symmetric(node)
        if node.output.dtype in QUANTIZED:
            _multipliers(node)

    def params(self, node: Node) -> Params:
        a, b, y = node.input(0), node.input(1), node.output
        if y.dtype not in QUANTIZED:
            return super().params(node)
        low, high = fused_limits(node, "NONE")
        (a_multiplier, a_shift), (b_multiplier, b_shift), (y_multiplier, y_shift) = _multipliers(node)
        return {
            **super().params(node),
            "headroom": HEADROOM[y.dtype],
            "a_zero": a.zero_point,
            "b_zero": b.zero_point,
            "y_zero": y.zero_point,
            "a_multiplier": a_multiplier,
            "a_shift": a_shift,
            "b_multiplier": b_multiplier,
            "b_shift": b_shift,
            "y_multiplier": y_multiplier,
            "y_shift": y_shift,
            "low": low,
            "high": high,
        }

    def compute(self, node: Node, *inputs: Array) -> Array:
        a, b = inputs
        if node.output.dtype not in QUANTIZED:
            return np.asarray((a - b) * (a - b))
        a_scaled, b_scaled, y_scaled = _multipliers(node)
        one = 1 << HEADROOM[node.output.dtype]
        u = requantize((a.astype(np.int64) - node.input(0).zero_point) * one, *a_scaled)
        v = requantize((b.astype(np.int64) - node.input(1).zero_point) * one, *b_scaled)
        squared = requantize((u - v) * (u - v), *y_scaled) + node.output.zero_point
        return clamp(squared.astype(np.int32), *fused_limits(node, "NONE"))


def _multipliers(node: Node) -> list[tuple[int, int]]:
    """Multiplier and shift of both inputs and the output."""
    a, b, y = node.input(0), node.input(1), node.output
    common = 2 * max(a.scale, b.scale)
    with np.errstate(over="ignore"):
        finest = float(np.float32(1 << 2 * HEADROOM[y.dtype]) * np.float32(y.scale))
    return [
        *(quantize_multiplier(x.scale / common) for x in (a, b)),
        multiplier(node, common * common / finest),
    ]
