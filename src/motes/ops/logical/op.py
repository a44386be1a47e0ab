"""LOGICAL_AND and LOGICAL_OR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from motes.ir import Array, Builtin, DType, Kernel, Node, Params, Tensor
from motes.ops.broadcast import Elementwise, in_place


@dataclass(frozen=True)
class Logical(Elementwise):
    """a and b (LOGICAL_OR: a or b), elementwise; axes of size 1, or missing in front, are repeated.

    Dtypes: bool. Source: TFLM's kernels.
    """

    tflite = (Builtin("LOGICAL_AND"), Builtin("LOGICAL_OR"))
    types = (DType.BOOL,)
    kernels = (Kernel("logical_b8", "logical_b8.h", in_place=in_place),)

    either: bool  # one of both is enough

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Logical:
        return cls(name == "LOGICAL_OR")

    @property
    def title(self) -> str:
        return "LOGICAL_OR" if self.either else "LOGICAL_AND"

    def params(self, node: Node) -> Params:
        return {**super().params(node), "either": int(self.either)}

    def compute(self, node: Node, *inputs: Array) -> Array:
        a, b = inputs
        return a | b if self.either else a & b
