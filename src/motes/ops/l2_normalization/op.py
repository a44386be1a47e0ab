"""L2_NORMALIZATION."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from motes.errors import BadInput, Unsupported
from motes.ir import Builtin, DType, Flow, Kernel, Node, Params, Tensor
from motes.ops.common import ACTIVATIONS, CONVERT_AGAIN, named
from motes.ops.pointwise import Pointwise, of_type, same_place

LONGEST = 33025
"""Elements of a row of int8: the sum of their squares must fit an int32."""


@dataclass(frozen=True)
class L2Normalization(Pointwise):
    """x / max(|x|, 10**-6) over the last axis; |x| is the root of the sum of squares.

    Dtypes: float32; int8 to int8 with scale 1/128 and zero point 0, whatever the output's say, rows of at most 33,025
    elements. Source: TFLM's L2_NORMALIZATION.
    """

    tflite = (Builtin("L2_NORMALIZATION", {"fused_activation_function": ("byte", 0)}),)
    types = (DType.FLOAT32, DType.INT8)
    kernels = (
        Kernel(
            "l2_normalization_f32",
            "l2_normalization_f32.h",
            fits=of_type(DType.FLOAT32),
            params=lambda node: _rows(node),
            in_place=same_place,
        ),
        Kernel(
            "l2_normalization_s8",
            "l2_normalization_s8.h",
            fits=of_type(DType.INT8),
            in_place=same_place,
            form="shared",
        ),
    )

    activation: str = "NONE"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> L2Normalization:
        return cls(named(ACTIVATIONS, options["fused_activation_function"]))

    def check(self, node: Node) -> None:
        super().check(node)
        if not node.input(0).shape:
            raise BadInput(f"{node}: {node.input(0)} has no axis to sum along; {CONVERT_AGAIN}")
        if self.activation != "NONE":
            raise Unsupported(
                node,
                f"a fused activation, {self.activation}, which TFLM does not do here either",
                "make the activation a layer of its own",
            )

    def check_ranges(self, node: Node) -> None:
        x = node.input(0)
        if x.shape and x.shape[-1] > LONGEST:
            raise Unsupported(node, f"its rows have more than {LONGEST:,} elements", "normalize shorter rows")

    def flow(self, node: Node) -> Flow:
        return "mixed"

    def params(self, node: Node) -> Params:
        return {**_rows(node), "zero_point": node.input(0).zero_point}

    def fold(self, node: Node) -> None:
        return None


def _rows(node: Node) -> dict[str, int]:
    depth = node.input(0).shape[-1]
    return {"rows": node.input(0).elements // depth, "depth": depth}
