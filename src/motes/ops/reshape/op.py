"""RESHAPE for every dtype."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from motes.errors import BadInput
from motes.ir import Builtin, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.common import CONVERT_AGAIN, check_arity


@dataclass(frozen=True)
class Reshape(Op):
    """The input's bytes under the output's shape; nothing moves where both may lie at one address.

    Dtypes: all. The new shape is that of the output tensor; the shape that comes as second input or as option is
    ignored, as in TFLM, but must be constant.
    """

    tflite = (Builtin("RESHAPE", {"new_shape": ("ints", ())}),)
    types = (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)
    kernels = (Kernel("reshape", "reshape.h", form="shared", in_place=lambda node: ((0, 0),)),)
    folded = (1,)
    view = True

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Reshape:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, 1, 2)
        x, y = node.input(0), node.output
        if x.dtype is not y.dtype or x.elements != y.elements:
            raise BadInput(f"{node}: {x} cannot become {y}; {CONVERT_AGAIN}")

    def params(self, node: Node) -> Params:
        return {"bytes": node.output.nbytes}
