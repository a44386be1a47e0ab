"""EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER and GREATER_EQUAL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Kernel, Node, Params, Tensor
from motes.ops.broadcast import Elementwise, check_tensors, in_place, is_type
from motes.ops.common import CONVERT_AGAIN, multiplier
from motes.quant import requantize

RELATIONS = {
    "EQUAL": np.equal,
    "NOT_EQUAL": np.not_equal,
    "LESS": np.less,
    "LESS_EQUAL": np.less_equal,
    "GREATER": np.greater,
    "GREATER_EQUAL": np.greater_equal,
}
"""What NumPy calls them, in the order of the kernels."""

HEADROOM = 8
"""Bits of a scaled int8 number below 1: TFLM's choice."""

LARGEST_SHIFT = 7
"""The largest left shift that (x - zero point) * 2**8 has room for; TFLM stops at scales of 1."""


@dataclass(frozen=True)
class Compare(Elementwise):
    """Whether a and b stand in a relation, elementwise; axes of size 1, or missing in front, are repeated.

    Dtypes: int8, each brought to real numbers in steps of 1/256, so that small differences of small scales are none;
    int16, in EQUAL and NOT_EQUAL likewise, elsewhere as they are and of one scale and zero point; int32, int64,
    float32, and EQUAL and NOT_EQUAL of bool, to bool. Source: TFLM's kernels; for int16 LiteRT's.
    """

    tflite = tuple(Builtin(name) for name in RELATIONS)
    types = (DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32, DType.BOOL)
    quantized = ()
    kernels = (
        Kernel("compare_s8", "compare.h", fits=is_type(DType.INT8), in_place=in_place),
        Kernel("compare_u8", "compare.h", fits=is_type(DType.BOOL), in_place=in_place),
        Kernel(
            "compare_s16",
            "compare.h",
            fits=lambda node: node.input(0).dtype is DType.INT16 and not _scaled(node),
            in_place=in_place,
        ),
        Kernel(
            "compare_scaled_s16",
            "compare.h",
            fits=lambda node: node.input(0).dtype is DType.INT16 and _scaled(node),
            in_place=in_place,
        ),
        Kernel("compare_s32", "compare.h", fits=is_type(DType.INT32), in_place=in_place),
        Kernel("compare_s64", "compare.h", fits=is_type(DType.INT64), in_place=in_place),
        Kernel("compare_f32", "compare.h", fits=is_type(DType.FLOAT32), in_place=in_place),
    )

    relation: str  # a key of RELATIONS

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Compare:
        return cls(name)

    @property
    def title(self) -> str:
        return self.relation

    def check_types(self, node: Node) -> None:
        a, b, y = node.input(0), node.input(1), node.output
        check_tensors(node, [a, b], self.types, self.quantized)
        if y.dtype is not DType.BOOL:
            raise BadInput(f"{node}: its output, {y}, is not bool; {CONVERT_AGAIN}")
        if a.dtype is DType.BOOL and self.relation not in ("EQUAL", "NOT_EQUAL"):
            raise Unsupported(node, f"orders bools, {a}", "compare them by EQUAL or NOT_EQUAL")
        if a.dtype is DType.INT16 and not _scaled(node) and a.quant != b.quant:
            raise Unsupported(
                node, f"{a} and {b} have different scales or zero points", "quantize them alike, or to int8"
            )
        if _scaled(node):
            check_tensors(node, [a, b], self.types)
            largest = max(shift for _, shift in _multipliers(node))
            if largest > LARGEST_SHIFT:
                raise Unsupported(
                    node, f"its inputs' scales, {a.scale:g} and {b.scale:g}, are too large", "quantize them again"
                )

    def params(self, node: Node) -> Params:
        plain: Params = {**super().params(node), "relation": list(RELATIONS).index(self.relation)}
        if not _scaled(node):
            return plain
        (a_multiplier, a_shift), (b_multiplier, b_shift) = _multipliers(node)
        return {
            **plain,
            "a_zero": node.input(0).zero_point,
            "b_zero": node.input(1).zero_point,
            "a_multiplier": a_multiplier,
            "a_shift": a_shift,
            "b_multiplier": b_multiplier,
            "b_shift": b_shift,
        }

    def compute(self, node: Node, *inputs: Array) -> Array:
        a, b = inputs
        if _scaled(node):
            a_scaled, b_scaled = _multipliers(node)
            a = requantize((a.astype(np.int64) - node.input(0).zero_point) << HEADROOM, *a_scaled)
            b = requantize((b.astype(np.int64) - node.input(1).zero_point) << HEADROOM, *b_scaled)
        return np.asarray(RELATIONS[self.relation](a, b))


def _scaled(node: Node) -> bool:
    """Whether numbers are compared as what they stand for: int8, and int16 for equality."""
    assert isinstance(node.op, Compare), node
    return node.input(0).dtype is DType.INT8 or (
        node.input(0).dtype is DType.INT16 and node.op.relation in ("EQUAL", "NOT_EQUAL")
    )


def _multipliers(node: Node) -> list[tuple[int, int]]:
    """Multiplier and shift of both inputs' scales."""
    return [multiplier(node, node.input(i).scale) for i in (0, 1)]
