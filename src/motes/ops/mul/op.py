"""MUL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.intervals import Interval
from motes.ir import Array, Builtin, DType, Kernel, Node, Params, Tensor
from motes.ops.broadcast import (
    QUANTIZED,
    Elementwise,
    check_fused,
    check_symmetric,
    clamp,
    fused_limits,
    in_place,
    is_type,
)
from motes.ops.common import ACTIVATIONS, multiplier, named
from motes.quant import requantize


@dataclass(frozen=True)
class Mul(Elementwise):
    """activation(a * b), elementwise; axes of size 1, or missing in front, are repeated.

    Dtypes: int8; int16 with zero points of 0; int32, int64, wrapping; float32. Source: TFLM's reference MUL; for int64
    LiteRT's.
    """

    tflite = (Builtin("MUL", {"fused_activation_function": ("byte", 0)}),)
    types = (DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)
    kernels = (
        Kernel("mul_s8", "mul.h", fits=is_type(DType.INT8), in_place=in_place),
        Kernel("mul_s16", "mul.h", fits=is_type(DType.INT16), in_place=in_place),
        Kernel("mul_s32", "mul.h", fits=is_type(DType.INT32), in_place=in_place),
        Kernel("mul_s64", "mul.h", fits=is_type(DType.INT64), in_place=in_place),
        Kernel("mul_f32", "mul.h", fits=is_type(DType.FLOAT32), in_place=in_place),
    )

    monotonic = True

    activation: str = "NONE"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Mul:
        return cls(named(ACTIVATIONS, options["fused_activation_function"]))

    def check_types(self, node: Node) -> None:
        super().check_types(node)
        check_fused(node, self.activation)
        if node.output.dtype in QUANTIZED:
            _multiplier(node)
        check_symmetric(node)

    def params(self, node: Node) -> Params:
        a, b, y = node.input(0), node.input(1), node.output
        low, high = fused_limits(node, self.activation)
        plain: Params = {**super().params(node), "low": low, "high": high}
        if y.dtype not in QUANTIZED:
            return plain
        factor, shift = _multiplier(node)
        return {
            **plain,
            "a_zero": a.zero_point,
            "b_zero": b.zero_point,
            "y_zero": y.zero_point,
            "multiplier": factor,
            "shift": shift,
        }

    def interval(self, node: Node, inputs: Sequence[Interval | None]) -> Interval | None:
        # With a larger left shift, products of int8 could wrap; those of int16 with any.
        _, shift = _multiplier(node)
        return super().interval(node, inputs) if shift <= (14 if node.output.dtype is DType.INT8 else 0) else None

    def compute(self, node: Node, *inputs: Array) -> Array:
        a, b = inputs
        low, high = fused_limits(node, self.activation)
        if node.output.dtype not in QUANTIZED:
            return clamp(a * b, low, high)
        product = (a.astype(np.int64) - node.input(0).zero_point) * (b.astype(np.int64) - node.input(1).zero_point)
        scaled = requantize(product, *_multiplier(node)) + node.output.zero_point
        return clamp(scaled.astype(np.int32), low, high)


def _multiplier(node: Node) -> tuple[int, int]:
    """Multiplier and shift from the product's scale to the output's."""
    return multiplier(node, node.input(0).scale * node.input(1).scale / node.output.scale)
