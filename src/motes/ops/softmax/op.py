"""SOFTMAX."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Kernel, Node, Op, Params, Rows, Tensor
from motes.ops.common import CONVERT_AGAIN, check_quant, multiplier, row_by_row
from motes.ops.pointwise import check_pointwise, exponential, same_place, sampled
from motes.ops.softmax.exp import exponentials
from motes.ops.softmax.pair import smaller

FLOAT32, INT8, INT16 = DType.FLOAT32, DType.INT8, DType.INT16

LONGEST = {INT8: 4095, INT16: 65535}
"""Elements of a row: their exponentials' sum, in Q12.19 or Q16.15, must fit an int32."""

OUTPUTS = {
    (INT8, INT8): (1 / 256, -128, 0.0),
    (INT8, INT16): (1 / 65536, -32768, 0.001),
    (INT16, INT16): (1 / 32768, 0, 0.001),
}
"""Scale and zero point of outputs, by the types of input and output, and how far off TFLM lets the scale be."""


def _of(x: DType, y: DType) -> Callable[[Node], bool]:
    return lambda node: node.input(0).dtype is x and node.output.dtype is y


@dataclass(frozen=True)
class Softmax(Op):
    """exp(beta * x) / sum(exp(beta * x)) over the last axis.

    Dtypes: float32; int8 to int8 with scale 1/256 and zero point -128, or to int16 with scale 1/65536 and zero point
    -32768; int16 to int16 with scale 1/32768. Rows of at most 4,095 int8 or 65,535 int16. Source: TFLM's reference
    SOFTMAX, for int8 on gemmlowp's fixed point, for int16 by tables of exp(x) and 1 / (1 + x). Where a row of int8 sums
    to 512 or more TFLM stops the program; here its int8 outputs are -128, the rounded result.
    """

    tflite = (Builtin("SOFTMAX", {"beta": ("float", 0.0)}),)
    types = (INT8, INT16, FLOAT32)
    ulp = 4
    kernels = (
        Kernel(
            "softmax_f32",
            "softmax_f32.h",
            fits=_of(FLOAT32, FLOAT32),
            params=lambda node: {**_rows(node), "beta": _op(node).beta},
            form="shared",
            in_place=same_place,
        ),
        Kernel("softmax_s8", "softmax_s8.h", fits=_of(INT8, INT8), form="shared", in_place=same_place),
        Kernel("softmax_s8_s16", "softmax_s8_s16.h", fits=_of(INT8, INT16), form="shared"),
        Kernel(
            "softmax_s16",
            "softmax_s16.h",
            fits=_of(INT16, INT16),
            params=lambda node: _tables(node),
            form="shared",
            in_place=same_place,
        ),
        Kernel(
            "softmax_pair_s8",
            "softmax_pair_s8.h",
            fits=lambda node: _pair(node) is not None,
            params=lambda node: _pair_params(node),
            in_place=same_place,
        ),
    )

    beta: float

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Softmax:
        return cls(options["beta"])

    def check(self, node: Node) -> None:
        check_pointwise(node, self.types)
        x, y = node.input(0), node.output
        if not x.shape:
            raise BadInput(f"{node}: {x} has no axis to sum along; {CONVERT_AGAIN}")
        if not math.isfinite(self.beta):
            raise BadInput(f"{node}: its beta is {self.beta}; {CONVERT_AGAIN}")
        if x.dtype is FLOAT32 and y.dtype is FLOAT32:
            return
        if (x.dtype, y.dtype) not in OUTPUTS:
            raise Unsupported(node, f"its output, {y}, does not go with {x.dtype.value}", CONVERT_AGAIN)
        check_quant(node, x)
        check_quant(node, y)
        scale, zero, off = OUTPUTS[x.dtype, y.dtype]
        if y.zero_point != zero or abs(y.scale - scale) > off * scale:
            raise Unsupported(
                node,
                f"its output has scale {y.scale:g} and zero point {y.zero_point}, not {scale:g} and {zero}",
                CONVERT_AGAIN,
            )
        longest = LONGEST[x.dtype]
        if x.shape[-1] > longest:
            raise Unsupported(node, f"its rows have more than {longest:,} elements", "split the classes into groups")
        if not _scale(node) * 2**26 > 1.0:
            raise Unsupported(
                node, f"beta {self.beta:g} times its input's scale {x.scale:g} is too small or no number", CONVERT_AGAIN
            )
        if x.dtype is INT16:
            if x.zero_point:
                raise Unsupported(node, f"{x} has a zero point other than 0", "quantize int16 symmetrically")
            _differences(node)

    def rows(self, node: Node) -> Rows | None:
        return row_by_row(node)

    def params(self, node: Node) -> Params:
        table = exponentials(_scale(node))
        return {**_rows(node), "count": len(table), "exp": table}


def _op(node: Node) -> Softmax:
    assert isinstance(node.op, Softmax), node
    return node.op


def _scale(node: Node) -> float:
    """What one step of a score is worth in the exponent."""
    return _op(node).beta * node.input(0).scale


def _rows(node: Node) -> dict[str, int | float | Array]:
    depth = node.input(0).shape[-1]
    return {"rows": node.input(0).elements // depth, "depth": depth}


def _differences(node: Node) -> tuple[int, int]:
    """int16: multiplier and shift that take differences to steps of which 65,535 are 10."""
    return multiplier(node, _scale(node) / (10.0 / 65535.0))


def _tables(node: Node) -> Params:
    factor, shift = _differences(node)
    one = np.float32(1)
    ends = [float(np.float32(2) / np.float32(65535) * np.float32(end)) for end in (-32768, 32767)]
    return {
        **_rows(node),
        "multiplier": factor,
        "shift": shift,
        "exp": sampled(lambda x: exponential(float(x)), -10.0, 0.0, *ends),
        "reciprocal": sampled(lambda x: float(one / (one + x)), 0.0, 1.0, *ends),
    }


def _pair(node: Node) -> Array | None:
    """`smaller` of a node with two int8 outputs."""
    pairs = node.input(0).dtype is node.output.dtype is INT8 and node.output.shape[-1] == 2
    return smaller(_scale(node)) if pairs else None


def _pair_params(node: Node) -> Params:
    table = _pair(node)
    assert table is not None, node
    return {"rows": node.output.elements // 2, "last": len(table) - 1, "smaller": table}
