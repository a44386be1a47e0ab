"""LOG_SOFTMAX."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from motes.errors import BadInput, Unsupported
from motes.ir import Builtin, DType, Flow, Kernel, Node, Params, Tensor
from motes.ops.common import CONVERT_AGAIN
from motes.ops.pointwise import Pointwise, of_type, same_place
from motes.ops.softmax.exp import INTEGER_BITS, exponentials
from motes.quant import quantize_multiplier

LONGEST = 4095
"""Elements of a row of int8: their exponentials' sum, in Q12.19, must fit an int32."""


@dataclass(frozen=True)
class LogSoftmax(Pointwise):
    """x - ln(sum(exp(x))) over the last axis.

    Dtypes: float32; int8 to int8 with scale 1/16 and zero point 127, rows of at most 4,095 elements. Where one score is
    far above all others, its float is the logarithm of a sum next to 1, and off by many ulp but by 2**-23 at most.
    Source: TFLM's LOG_SOFTMAX.
    """

    tflite = (Builtin("LOG_SOFTMAX"),)
    types = (DType.FLOAT32, DType.INT8)
    ulp = 4
    kernels = (
        Kernel(
            "log_softmax_f32",
            "log_softmax_f32.h",
            fits=of_type(DType.FLOAT32),
            params=lambda node: _rows(node),
            in_place=same_place,
            form="shared",
        ),
        Kernel(
            "log_softmax_s8",
            "log_softmax_s8.h",
            fits=of_type(DType.INT8),
            in_place=same_place,
            form="shared",
        ),
    )

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> LogSoftmax:
        return cls()

    def check(self, node: Node) -> None:
        super().check(node)
        if not node.input(0).shape:
            raise BadInput(f"{node}: {node.input(0)} has no axis to sum along; {CONVERT_AGAIN}")

    def check_ranges(self, node: Node) -> None:
        x, y = node.input(0), node.output
        if (y.scale, y.zero_point) != (1 / 16, 127):
            raise Unsupported(
                node,
                f"its output has scale {y.scale:g} and zero point {y.zero_point}, not 0.0625 and 127",
                CONVERT_AGAIN,
            )
        if x.shape and x.shape[-1] > LONGEST:
            raise Unsupported(node, f"its rows have more than {LONGEST:,} elements", "split the classes into groups")
        if x.scale * 2.0**26 < 2.0:
            raise Unsupported(node, f"the scale of {x}, {x.scale:g}, is too small", CONVERT_AGAIN)

    def flow(self, node: Node) -> Flow:
        return "mixed"

    def params(self, node: Node) -> Params:
        table = exponentials(node.input(0).scale)
        factor, shift = quantize_multiplier(min(node.input(0).scale * 2.0**26, 2.0**31 - 1.0))
        back, back_shift = quantize_multiplier(2.0 ** (31 - shift) / factor)
        radius = math.floor(((1 << INTEGER_BITS) - 1) * 2.0**26 / 2.0**shift)
        return {
            **_rows(node),
            "count": len(table),
            "exp": table,
            "multiplier": factor,
            "shift": shift,
            "back": back,
            "back_shift": back_shift,
            "least": -radius - 1,
        }

    def fold(self, node: Node) -> None:
        return None


def _rows(node: Node) -> dict[str, Any]:
    depth = node.input(0).shape[-1]
    return {"rows": node.input(0).elements // depth, "depth": depth}
