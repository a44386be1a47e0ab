"""DIV, FLOOR_DIV and FLOOR_MOD."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import Unsupported
from motes.ir import Array, Builtin, DType, Kernel, Node, Params, Tensor
from motes.ops.broadcast import Elementwise, check_fused, clamp, fused_limits, in_place, is_type
from motes.ops.common import ACTIVATIONS, multiplier, named

LARGEST_SHIFT = 23
"""The largest left shift of DIV's multiplier that the smallest quotients have room for."""


@dataclass(frozen=True)
class Div(Elementwise):
    """activation(a / b), elementwise; axes of size 1, or missing in front, are repeated.

    Dtypes: int8; int32, rounded towards 0; float32. Division by 0, which TFLM leaves undefined, gives 0, for int8 the
    output's zero point; in float32 the largest number. Quantized quotients far below 1 are what TFLM's wheel makes of
    them on x86: it shifts by more than 31 bits there. Source: TFLM's reference DIV.
    """

    tflite = (Builtin("DIV", {"fused_activation_function": ("byte", 0)}),)
    types = (DType.INT8, DType.INT32, DType.FLOAT32)
    kernels = (
        Kernel("div_s8", "div.h", fits=is_type(DType.INT8), in_place=in_place, form="shared"),
        Kernel("div_s32", "div.h", fits=is_type(DType.INT32), in_place=in_place),
        Kernel("div_f32", "div.h", fits=is_type(DType.FLOAT32), in_place=in_place),
    )

    activation: str = "NONE"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Div:
        return cls(named(ACTIVATIONS, options["fused_activation_function"]))

    def check_types(self, node: Node) -> None:
        super().check_types(node)
        check_fused(node, self.activation)
        if node.output.dtype is DType.INT8 and _multiplier(node)[1] > LARGEST_SHIFT:
            raise Unsupported(node, "its scales lie too far apart", "check the ranges of this layer and quantize again")

    def params(self, node: Node) -> Params:
        low, high = fused_limits(node, self.activation)
        plain: Params = {**super().params(node), "low": low, "high": high}
        if node.output.dtype is not DType.INT8:
            return plain
        factor, shift = _multiplier(node)
        return {
            **plain,
            "a_zero": node.input(0).zero_point,
            "b_zero": node.input(1).zero_point,
            "y_zero": node.output.zero_point,
            "multiplier": factor,
            "shift": shift,
        }

    def compute(self, node: Node, *inputs: Array) -> Array:
        a, b = inputs
        if node.output.dtype is DType.INT32:
            floor = floor_quotients(a, b)
            towards_0 = floor + ((floor < 0) & (floor * b.astype(np.int64) != a) & (b != 0))
            return clamp(towards_0.astype(np.int32), *fused_limits(node, self.activation))
        return clamp(a / b, *fused_limits(node, self.activation))

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        return None if node.output.dtype is DType.INT8 else super().fold(node)


def _multiplier(node: Node) -> tuple[int, int]:
    """Multiplier and shift from the quotient's scale to the output's."""
    return multiplier(node, node.input(0).scale / (node.input(1).scale * node.output.scale))


def floor_quotients(a: Array, b: Array) -> Array:
    """int64: floor(a / b) of integers; 0 over 0."""
    return np.where(b == 0, 0, a.astype(np.int64) // np.where(b == 0, 1, b))


@dataclass(frozen=True)
class FloorDiv(Elementwise):
    """floor(a / b), elementwise; axes of size 1, or missing in front, are repeated.

    Dtypes: float32, the quotient rounded to double precision first, as in TFLM; int32. Over 0, where TFLM stops, floats
    are infinite and integers 0. Source: TFLM's FLOOR_DIV; for int32 LiteRT's.
    """

    tflite = (Builtin("FLOOR_DIV"),)
    types = (DType.INT32, DType.FLOAT32)
    kernels = (
        Kernel("floor_div_s32", "floor_div.h", fits=is_type(DType.INT32), in_place=in_place),
        Kernel("floor_div_f32", "floor_div.h", fits=is_type(DType.FLOAT32), in_place=in_place, form="shared"),
    )

    def compute(self, node: Node, *inputs: Array) -> Array:
        a, b = inputs
        if node.output.dtype is DType.INT32:
            return floor_quotients(a, b).astype(np.int32)
        return np.asarray(np.floor(a.astype(np.float64) / b.astype(np.float64)))


@dataclass(frozen=True)
class FloorMod(Elementwise):
    """a - b * floor(a / b), elementwise, exact; axes of size 1, or missing in front, are repeated.

    Dtypes: float32, int32, int64. Integers over 0, where LiteRT stops, leave 0. Source: TFLM's FLOOR_MOD; for integers
    LiteRT's.
    """

    tflite = (Builtin("FLOOR_MOD"),)
    types = (DType.INT32, DType.INT64, DType.FLOAT32)
    kernels = (
        Kernel("floor_mod_s32", "floor_mod.h", fits=is_type(DType.INT32), in_place=in_place),
        Kernel("floor_mod_s64", "floor_mod.h", fits=is_type(DType.INT64), in_place=in_place, form="shared"),
        Kernel("floor_mod_f32", "floor_mod.h", fits=is_type(DType.FLOAT32), in_place=in_place, form="shared"),
    )

    def compute(self, node: Node, *inputs: Array) -> Array:
        a, b = inputs
        if node.output.dtype is not DType.FLOAT32:
            return np.where(b == 0, 0, a % np.where(b == 0, b.dtype.type(1), b))
        rest = np.fmod(a, b)
        return np.where((rest != 0) & ((rest < 0) != (b < 0)), rest + b, rest)
