"""ADD, SUB and ADD_N."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Flow, Kernel, Node, Op, Params, Rows, Tensor
from motes.ops.add.affine import Affine, Rounded, fit
from motes.ops.add.sum import HEADROOM, SUM_OPTIONS, Sum
from motes.ops.broadcast import check_tensors, clamp, fused_limits, in_place, is_type
from motes.ops.common import CONVERT_AGAIN, check_arity, row_by_row
from motes.quant import quantize_multiplier, requantize

HALF = quantize_multiplier(0.5)
"""The ratio of a scale to twice itself."""


@dataclass(frozen=True)
class Add(Sum):
    """activation(a + b), elementwise; axes of size 1, or missing in front, are repeated.

    Dtypes: int8, int16, int32, int64, float32. Quantized inputs are both brought to twice the larger scale with 20 more
    bits (int16: 15), added, and rescaled. int32 and int64 wrap; a fused activation of int32 does nothing, as in TFLM.
    Source: TFLM's reference ADD; for int64 LiteRT's.
    """

    sign = 1
    tflite = (Builtin("ADD", SUM_OPTIONS),)
    kernels = (
        *Sum.kernels,
        Kernel(
            "add_s8_dsp",
            "add_s8_dsp.h",
            needs=frozenset({"dsp"}),
            fits=lambda node: _fits(node),
            params=lambda node: _affine_params(node),
            in_place=in_place,
        ),
        Kernel(
            "add_s8_mve",
            "add_s8_mve.h",
            needs=frozenset({"mve"}),
            fits=lambda node: _fits(node),
            params=lambda node: _affine_params(node),
            in_place=in_place,
        ),
    )

    def bounds(self, node: Node) -> tuple[float, float]:
        return fused_limits(node, "NONE" if node.output.dtype is DType.INT32 else self.activation)


@dataclass(frozen=True)
class Sub(Sum):
    """activation(a - b), elementwise; axes of size 1, or missing in front, are repeated.

    Dtypes: int8, int16, int32, int64, float32, as ADD's, but the activation holds for all. Source: TFLM's reference
    SUB; for int64 LiteRT's.
    """

    sign = -1
    tflite = (Builtin("SUB", SUM_OPTIONS),)


@dataclass(frozen=True)
class AddN(Op):
    """The sum of two or more tensors of one shape.

    Dtypes: float32; int8, where all inputs are quantized alike. TFLM's int8 sum begins with a value of 0 as if it were
    an input: with a zero point z that is -z too much in units of the input. Source: TFLM's reference ADD_N.
    """

    tflite = (Builtin("ADD_N"),)
    types = (DType.INT8, DType.FLOAT32)
    kernels = (
        Kernel("add_n_s8", "add_n.h", fits=is_type(DType.INT8), in_place=in_place, listed="inputs"),
        Kernel("add_n_f32", "add_n.h", fits=is_type(DType.FLOAT32), in_place=in_place, listed="inputs"),
    )

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> AddN:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, max(2, len(node.inputs)), max(2, len(node.inputs)))
        inputs, y = [node.input(i) for i in range(len(node.inputs))], node.output
        check_tensors(node, [*inputs, y], self.types)
        for x in inputs:
            if x.shape != y.shape:
                raise BadInput(f"{node}: {x} does not add up to {y}; {CONVERT_AGAIN}")
            if x.dtype is DType.INT8 and (x.scale, x.zero_point) != (inputs[0].scale, inputs[0].zero_point):
                raise Unsupported(
                    node, f"{inputs[0]} and {x} have different scales or zero points", "add them by ADD, two at a time"
                )
        if y.dtype is DType.INT8 and self._y_scaled(node)[1] > 0:
            raise Unsupported(
                node,
                f"its output's scale {y.scale:g} is too small beside its inputs' {inputs[0].scale:g}",
                "check the ranges of this layer and quantize again",
            )

    def _y_scaled(self, node: Node) -> tuple[int, int]:
        """Multiplier and shift from twice the inputs' scale, less the headroom, to the output's."""
        ratio = 2 * node.input(0).scale / ((1 << HEADROOM[DType.INT8]) * node.output.scale)
        return quantize_multiplier(min(ratio, 1e9))

    def params(self, node: Node) -> Params:
        x, y = node.input(0), node.output
        plain = {"count": y.elements, "inputs": len(node.inputs)}
        if y.dtype is DType.FLOAT32:
            return plain
        y_multiplier, y_shift = self._y_scaled(node)
        return {
            **plain,
            "start": int(_scaled(-x.zero_point)),
            "x_zero": x.zero_point,
            "y_zero": y.zero_point,
            "x_multiplier": HALF[0],
            "x_shift": HALF[1],
            "y_multiplier": y_multiplier,
            "y_shift": y_shift,
        }

    def flow(self, node: Node) -> Flow:
        return "by channel"

    def rows(self, node: Node) -> Rows | None:
        return row_by_row(node)

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        values = [tensor.data for tensor in node.inputs if tensor is not None and tensor.data is not None]
        if len(values) < len(node.inputs):
            return None
        x, y = node.input(0), node.output
        if y.dtype is DType.FLOAT32:
            total = np.zeros(y.shape, np.float32)
            for value in values:
                total = total + value
            return (total,)
        start = _scaled(np.asarray(-x.zero_point))
        wide = start + sum(_scaled(value.astype(np.int64) - x.zero_point) for value in values)
        scaled = requantize(wide.astype(np.int32), *self._y_scaled(node)) + y.zero_point
        return (clamp(scaled, -128, 127).astype(np.int8),)


def _scaled(x: Array | int) -> Array:
    """Values less their zero point, with more bits, over twice their scale."""
    return requantize(np.asarray(x) << HEADROOM[DType.INT8], *HALF)


def _affine(node: Node) -> Affine | None:
    """The constants of the kernels made for cores, if there are any."""
    a, b, y = node.input(0), node.input(1), node.output
    assert isinstance(node.op, Add), node
    a_scaled, b_scaled, y_scaled = node.op.multipliers(node)
    low, high = (int(limit) for limit in node.op.bounds(node))
    rounded = Rounded(a.zero_point, b.zero_point, y.zero_point, a_scaled, b_scaled, y_scaled, low, high)
    return fit(rounded, a.scale / y.scale, b.scale / y.scale)


def _fits(node: Node) -> bool:
    a, b = node.input(0), node.input(1)
    return a.dtype is DType.INT8 and a.shape == b.shape and _affine(node) is not None


def _affine_params(node: Node) -> Params:
    affine, portable = _affine(node), node.op.params(node)
    assert affine is not None, node
    return {
        "count": node.output.elements,
        "a_factor": affine.a,
        "b_factor": affine.b,
        "offset": affine.offset,
        "shift": affine.shift,
        "low": portable["low"],
        "high": portable["high"],
    }
