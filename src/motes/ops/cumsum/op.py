"""CUMSUM."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Kernel, Node, Op, Params, Tensor
from motes.operands import lists_of_axes
from motes.ops.common import CONVERT_AGAIN, CONVERT_TO_INT8, check_arity, check_constant, check_quant, multiplier

HEADROOM = 20
"""Bits that int8 sums are shifted left by, for twice the scale of the input: TFLM's choice."""


def _kernel(function: str, dtype: DType) -> Kernel:
    return Kernel(function, "cumsum.h", fits=lambda node: node.input(0).dtype is dtype, in_place=lambda node: ((0, 0),))


@dataclass(frozen=True)
class CumSum(Op):
    """y[k] = x[0] + ... + x[k] along an axis; `exclusive`: without x[k]; `reverse`: from the end.

    Dtypes: int8 and float32; int32, which wraps. The axis is a constant. int8 sums begin with less the zero point, and
    wrap after 16 steps of the whole range, as TFLM's do. Source: TFLM's CUMSUM; int32: LiteRT's.
    """

    tflite = (Builtin("CUMSUM", {"exclusive": ("bool", False), "reverse": ("bool", False)}),)
    types = (DType.INT8, DType.INT32, DType.FLOAT32)
    folded = (1,)
    kernels = (
        _kernel("cumsum_s8", DType.INT8),
        _kernel("cumsum_s32", DType.INT32),
        _kernel("cumsum_f32", DType.FLOAT32),
    )

    exclusive: bool = False
    reverse: bool = False

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> CumSum:
        return cls(options["exclusive"], options["reverse"])

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        x, y = node.input(0), node.output
        if x.dtype not in self.types:
            raise Unsupported(node, f"{x} is not {' or '.join(t.value for t in self.types)}", CONVERT_TO_INT8)
        _axis(node)
        if (y.shape, y.dtype) != (x.shape, x.dtype):
            raise BadInput(f"{node}: {x} does not give {y}; {CONVERT_AGAIN}")
        if x.dtype is DType.INT8:
            check_quant(node, x)
            check_quant(node, y)
            if _rescaling(node)[1] > 0:
                raise Unsupported(
                    node,
                    f"its output's scale {y.scale:g} is too small beside its input's {x.scale:g}",
                    "check the ranges of this layer and quantize again",
                )

    def possible(self, node: Node) -> Iterable[Mapping[int, Array]]:
        return ({1: axes} for axes in lists_of_axes(node.input(1), len(node.input(0).shape)))

    def params(self, node: Node) -> Params:
        x, y, axis = node.input(0), node.output, _axis(node)
        fields = {
            "outer": math.prod(x.shape[:axis]),
            "depth": x.shape[axis],
            "inner": math.prod(x.shape[axis + 1 :]),
            "exclusive": int(self.exclusive),
            "reverse": int(self.reverse),
        }
        if x.dtype is not DType.INT8:
            return fields
        factor, shift = _rescaling(node)
        return {**fields, "x_zero": x.zero_point, "y_zero": y.zero_point, "multiplier": factor, "shift": shift}

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0).data
        if x is None or x.dtype != np.int32:
            return None
        axis = _axis(node)
        wide = np.flip(x.astype(np.int64), axis) if self.reverse else x.astype(np.int64)
        sums = wide.cumsum(axis=axis) - (wide if self.exclusive else 0)
        return (np.ascontiguousarray(np.flip(sums, axis) if self.reverse else sums).astype(np.int32),)


def _axis(node: Node) -> int:
    """The axis that is summed along, not negative."""
    x, axes = node.input(0), node.input(1)
    check_constant(node, axes)
    assert axes.data is not None
    if axes.dtype is not DType.INT32 or axes.elements != 1:
        raise BadInput(f"{node}: its axis, {axes}, is not one int32; {CONVERT_AGAIN}")
    axis, rank = int(axes.data.ravel()[0]), len(x.shape)
    if not -rank <= axis < rank:
        raise BadInput(f"{node}: {axis} is not an axis of {x}; {CONVERT_AGAIN}")
    return axis % rank


def _rescaling(node: Node) -> tuple[int, int]:
    """Multiplier and shift from sums to outputs."""
    return multiplier(node, 2 * node.input(0).scale / ((1 << HEADROOM) * node.output.scale))
