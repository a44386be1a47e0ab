"""SELECT and SELECT_V2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput
from motes.ir import Array, Builtin, DType, Kernel, Node, Tensor
from motes.ops.broadcast import Elementwise, check_tensors
from motes.ops.common import CONVERT_AGAIN


def _kernel(size: int) -> Kernel:
    """The kernel for elements of `size` bytes."""
    return Kernel(
        f"select_{size}",
        "select.h",
        fits=lambda node: node.output.dtype.size == size,
        in_place=lambda node: tuple(
            (0, i) for i, x in enumerate(node.inputs) if i and x is not None and x.elements == node.output.elements
        ),
    )


@dataclass(frozen=True)
class Select(Elementwise):
    """a where the condition holds, else b, elementwise; axes of size 1, or missing in front, are repeated.

    Inputs: condition (bool), a, b. Dtypes of a, b and the output: all, one for the three; bits are copied, whatever
    their scales. A condition of one axis stands, in SELECT, for the first axis of a and b. Source: TFLM's SELECT_V2;
    for SELECT, and types other than int8, int16 and float32, LiteRT's.
    """

    tflite = (Builtin("SELECT"), Builtin("SELECT_V2"))
    types = (DType.BOOL, DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)
    typed = 1
    arity = 3
    kernels = tuple(_kernel(size) for size in (1, 2, 4, 8))

    broadcasts: bool  # as SELECT_V2 does

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Select:
        return cls(name == "SELECT_V2")

    @property
    def title(self) -> str:
        return "SELECT_V2" if self.broadcasts else "SELECT"

    def check_types(self, node: Node) -> None:
        check_tensors(node, [node.input(0)], (DType.BOOL,))
        check_tensors(node, [node.input(1), node.input(2), node.output], tuple(DType), quantized=())
        a, b = node.input(1), node.input(2)
        if not self.broadcasts and a.shape != b.shape:
            raise BadInput(f"{node}: {a} and {b} have different shapes; {CONVERT_AGAIN}")

    def shapes(self, node: Node) -> list[tuple[int, ...]]:
        condition, a, b = super().shapes(node)
        if not self.broadcasts and len(condition) == 1 and len(a) > 1:
            condition += (1,) * (len(a) - 1)
        return [condition, a, b]

    def compute(self, node: Node, *inputs: Array) -> Array:
        return np.where(*inputs)
