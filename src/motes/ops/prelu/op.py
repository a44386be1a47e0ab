"""PRELU."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Kernel, Node, Params
from motes.ops.broadcast import Elementwise, check_tensors, in_place, is_type
from motes.ops.common import CONVERT_AGAIN, check_constant, check_quant, multiplier
from motes.quant import requantize

FLOAT32, INT8, INT16 = DType.FLOAT32, DType.INT8, DType.INT16


@dataclass(frozen=True)
class Prelu(Elementwise):
    """x, and slope * x below 0; axes of size 1, or missing in front, are repeated.

    Dtypes: float32; int8; int16 with slopes of int8. Source: TFLM's PRELU.
    """

    tflite = (Builtin("PRELU"),)
    types = (FLOAT32, INT8, INT16)
    kernels = (
        Kernel("prelu_f32", "prelu.h", fits=is_type(FLOAT32), in_place=in_place),
        Kernel("prelu_s8", "prelu.h", fits=is_type(INT8), in_place=in_place),
        Kernel("prelu_s16", "prelu.h", fits=is_type(INT16), in_place=in_place),
    )

    def check_types(self, node: Node) -> None:
        x, slope, y = node.input(0), node.input(1), node.output
        check_tensors(node, [x, y], self.types)
        wanted = FLOAT32 if x.dtype is FLOAT32 else INT8
        if slope.dtype is not wanted:
            raise Unsupported(node, f"its slopes, {slope}, are not {wanted.value}", CONVERT_AGAIN)
        if slope.data is not None:
            check_constant(node, slope)
        if x.dtype is not FLOAT32:
            check_quant(node, slope)
            _factors(node)
        if x.shape != y.shape:
            raise BadInput(f"{node}: {x} does not give {y}; {CONVERT_AGAIN}")

    def params(self, node: Node) -> Params:
        if node.input(0).dtype is FLOAT32:
            return super().params(node)
        (factor, shift), (slope_factor, slope_shift) = _factors(node)
        return {
            **super().params(node),
            "x_zero": node.input(0).zero_point,
            "slope_zero": node.input(1).zero_point,
            "y_zero": node.output.zero_point,
            "multiplier": factor,
            "shift": shift,
            "slope_multiplier": slope_factor,
            "slope_shift": slope_shift,
        }

    def compute(self, node: Node, *inputs: Array) -> Array:
        x, slope = inputs
        if x.dtype == np.float32:
            return np.where(x >= 0, x, x * slope)
        value, steepness = np.broadcast_arrays(
            x.astype(np.int64) - node.input(0).zero_point, slope.astype(np.int64) - node.input(1).zero_point
        )
        above, below = _factors(node)
        scaled = np.where(value >= 0, requantize(value, *above), requantize(np.minimum(value, 0) * steepness, *below))
        info = np.iinfo(node.output.dtype.numpy)
        return np.asarray(np.clip(scaled + node.output.zero_point, info.min, info.max))


def _factors(node: Node) -> tuple[tuple[int, int], tuple[int, int]]:
    """(multiplier, shift) of x, and of slope * x."""
    x, slope, y = node.input(0), node.input(1), node.output
    return multiplier(node, x.scale / y.scale), multiplier(node, x.scale * slope.scale / y.scale)
