"""SOFTMAX for int8, to int8 or int16."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.common import CONVERT_AGAIN, CONVERT_TO_INT8, check_arity, check_int8, check_quant
from motes.ops.softmax.exp import exponentials
from motes.ops.softmax.pair import smaller

LONGEST = 4095
"""Elements of a row: their exponentials' sum, in Q12.19, must fit an int32."""


@dataclass(frozen=True)
class Softmax(Op):
    """exp(beta * x) / sum(exp(beta * x)) over the last axis.

    Dtypes: int8 to int8 with scale 1/256 and zero point -128, or to int16 with scale 1/65536 and zero point -32768.
    Rows of at most 4,095 elements. Source: TFLM's reference SOFTMAX on gemmlowp's fixed point. Where a row sums to 512
    or more TFLM stops the program for int8; here its outputs are -128, the rounded result.
    """

    tflite = (Builtin("SOFTMAX", {"beta": ("float", 0.0)}),)
    types = (DType.INT8,)
    kernels = (
        Kernel(
            "softmax_s8",
            "softmax_s8.h",
            fits=lambda node: node.output.dtype is DType.INT8,
            form="shared",
            in_place=lambda node: ((0, 0),),
        ),
        Kernel(
            "softmax_s8_s16",
            "softmax_s8_s16.h",
            fits=lambda node: node.output.dtype is DType.INT16,
            form="shared",
        ),
        Kernel(
            "softmax_pair_s8",
            "softmax_pair_s8.h",
            fits=lambda node: _pair(node) is not None,
            params=lambda node: _pair_params(node),
            in_place=lambda node: ((0, 0),),
        ),
    )

    beta: float

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Softmax:
        return cls(options["beta"])

    def check(self, node: Node) -> None:
        check_arity(node, 1, 1)
        x, y = node.input(0), node.output
        check_int8(node, x)
        if y.dtype not in (DType.INT8, DType.INT16):
            raise Unsupported(node, f"its output, {y}, is not int8 or int16", CONVERT_TO_INT8)
        check_quant(node, y)
        if not x.shape or x.shape != y.shape:
            raise BadInput(f"{node}: {x} does not give {y}; {CONVERT_AGAIN}")
        scale, zero = (1 / 256, -128) if y.dtype is DType.INT8 else (1 / 65536, -32768)
        # TFLM wants the int8 scale exactly, and the int16 scale to 0.1%.
        if y.zero_point != zero or abs(y.scale - scale) > (0.0 if y.dtype is DType.INT8 else 0.001 * scale):
            raise Unsupported(
                node,
                f"its output has scale {y.scale:g} and zero point {y.zero_point}, not {scale:g} and {zero}",
                CONVERT_AGAIN,
            )
        if x.shape[-1] > LONGEST:
            raise Unsupported(node, f"its rows have more than {LONGEST:,} elements", "split the classes into groups")
        if not (math.isfinite(self.beta) and self.beta * x.scale * 2**26 > 1.0):
            raise Unsupported(
                node, f"beta {self.beta:g} times its input's scale {x.scale:g} is too small or no number", CONVERT_AGAIN
            )

    def params(self, node: Node) -> Params:
        x = node.input(0)
        table = exponentials(_scale(node))
        return {"rows": x.elements // x.shape[-1], "depth": x.shape[-1], "count": len(table), "exp": table}


def _scale(node: Node) -> float:
    """What one step of a score is worth in the exponent."""
    assert isinstance(node.op, Softmax)
    return node.op.beta * node.input(0).scale


def _pair(node: Node) -> Array | None:
    """`smaller` of a node with two int8 outputs."""
    return smaller(_scale(node)) if node.output.dtype is DType.INT8 and node.output.shape[-1] == 2 else None


def _pair_params(node: Node) -> Params:
    table = _pair(node)
    assert table is not None, node
    return {"rows": node.output.elements // 2, "last": len(table) - 1, "smaller": table}
