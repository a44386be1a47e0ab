"""What ADD and SUB share: a sum of two tensors, the second with a sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from motes.errors import Unsupported
from motes.intervals import Interval
from motes.ir import Array, DType, Kernel, Node, Params, Tensor
from motes.ops.broadcast import QUANTIZED, Elementwise, check_fused, clamp, fused_limits, in_place, is_type
from motes.ops.common import ACTIVATIONS, named
from motes.quant import quantize_multiplier, requantize

HEADROOM = {DType.INT8: 20, DType.INT16: 15}
"""Bits that both inputs are shifted left by before they are brought to one scale: TFLM's choice."""

SUM_OPTIONS: Mapping[str, Any] = {"fused_activation_function": ("byte", 0), "pot_scale_int16": ("bool", True)}


@dataclass(frozen=True)
class Sum(Elementwise):
    """activation(a + sign * b)."""

    sign: ClassVar[int]
    monotonic = True
    types = (DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)
    kernels: ClassVar[tuple[Kernel, ...]] = (
        Kernel("add_s8", "add.h", fits=is_type(DType.INT8), in_place=in_place),
        Kernel("add_s16", "add.h", fits=is_type(DType.INT16), in_place=in_place),
        Kernel("add_s32", "add.h", fits=is_type(DType.INT32), in_place=in_place),
        Kernel("add_s64", "add.h", fits=is_type(DType.INT64), in_place=in_place),
        Kernel("add_f32", "add.h", fits=is_type(DType.FLOAT32), in_place=in_place),
    )

    activation: str = "NONE"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Self:
        return cls(named(ACTIVATIONS, options["fused_activation_function"]))

    def check_types(self, node: Node) -> None:
        super().check_types(node)
        check_fused(node, self.activation)
        if node.output.dtype in QUANTIZED and self.multipliers(node)[2][1] > 0:
            a, b, y = node.input(0), node.input(1), node.output
            raise Unsupported(
                node,
                f"its output's scale {y.scale:g} is too small beside its inputs' {a.scale:g} and {b.scale:g}",
                "check the ranges of this layer and quantize again",
            )

    def multipliers(self, node: Node) -> list[tuple[int, int]]:
        """Multiplier and shift of both inputs, to twice the larger scale, and from there to the output's."""
        a, b, y = node.input(0), node.input(1), node.output
        common = 2 * max(a.scale, b.scale)
        reals = (a.scale / common, b.scale / common, common / ((1 << HEADROOM[y.dtype]) * y.scale))
        # Far above what TFLM accepts, so that a hostile scale is refused and not raised from below.
        return [quantize_multiplier(min(real, 1e9)) for real in reals]

    def bounds(self, node: Node) -> tuple[float, float]:
        """The smallest and the largest output."""
        return fused_limits(node, self.activation)

    def interval(self, node: Node, inputs: Sequence[Interval | None]) -> Interval | None:
        # With a zero point, int16 values may have 17 bits, which wrap with their headroom.
        wraps = node.output.dtype is DType.INT16 and any(t.zero_point for t in (node.input(0), node.input(1)))
        return None if wraps else super().interval(node, inputs)

    def params(self, node: Node) -> Params:
        a, b, y = node.input(0), node.input(1), node.output
        low, high = self.bounds(node)
        plain: Params = {**super().params(node), "sign": self.sign, "low": low, "high": high}
        if y.dtype is DType.FLOAT32:
            return {**plain, "sign": float(self.sign)}
        if y.dtype not in QUANTIZED:
            return plain
        (a_multiplier, a_shift), (b_multiplier, b_shift), (y_multiplier, y_shift) = self.multipliers(node)
        return {
            **plain,
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
        }

    def compute(self, node: Node, *inputs: Array) -> Array:
        a, b = inputs
        low, high = self.bounds(node)
        if node.output.dtype in QUANTIZED:
            a_scaled, b_scaled, y_scaled = self.multipliers(node)
            one = 1 << HEADROOM[node.output.dtype]
            u = requantize((a.astype(np.int64) - node.input(0).zero_point) * one, *a_scaled)
            v = requantize((b.astype(np.int64) - node.input(1).zero_point) * one, *b_scaled)
            return clamp(requantize(u + self.sign * v, *y_scaled) + node.output.zero_point, low, high)
        return clamp(a + b if self.sign > 0 else a - b, low, high)
