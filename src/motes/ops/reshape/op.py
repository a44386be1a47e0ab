"""RESHAPE, EXPAND_DIMS and SQUEEZE for every dtype."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput
from motes.ir import Array, Builtin, Flow, Kernel, Node, Op, Params, Tensor
from motes.ops.common import CONVERT_AGAIN, check_arity
from motes.ops.movement import EVERY


@dataclass(frozen=True)
class Reshape(Op):
    """The input's bytes under the output's shape; nothing moves where both may lie at one address.

    Dtypes: all. The new shape is that of the output tensor; the shape or axes that come as second input or as option
    are ignored, as in TFLM.
    """

    tflite = (
        Builtin("RESHAPE", {"new_shape": ("ints", ())}),
        Builtin("EXPAND_DIMS"),
        Builtin("SQUEEZE", {"squeeze_dims": ("ints", ())}),
    )
    types = EVERY
    kernels = (Kernel("reshape", "reshape.h", form="shared", untyped=True, in_place=lambda node: ((0, 0),)),)
    folded = (1,)
    view = True

    name: str = "RESHAPE"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Reshape:
        return cls(name)

    @property
    def title(self) -> str:
        return self.name

    def check(self, node: Node) -> None:
        check_arity(node, 1, 2)
        x, y = node.input(0), node.output
        if x.dtype is not y.dtype or x.elements != y.elements:
            raise BadInput(f"{node}: {x} cannot become {y}; {CONVERT_AGAIN}")

    def possible(self, node: Node) -> Iterable[Mapping[int, Array]]:
        told = node.inputs[1] if len(node.inputs) > 1 else None
        return [{1: np.zeros(told.shape)}] if told is not None else []  # it is ignored

    def params(self, node: Node) -> Params:
        return {"bytes": node.output.nbytes}

    def flow(self, node: Node) -> Flow:
        return "moved"

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0).data
        return None if x is None else (x.reshape(node.output.shape),)
