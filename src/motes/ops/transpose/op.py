"""TRANSPOSE and REVERSE_V2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from motes.errors import BadInput
from motes.ir import Array, Builtin, Node, Tensor
from motes.operands import lists_of_axes
from motes.ops.common import CONVERT_AGAIN, check_arity
from motes.ops.movement import (
    EVERY,
    Copy,
    StridedCopy,
    check_copy,
    check_moved,
    check_shape,
    constant_indices,
    dense,
    positive_axis,
    read,
    values,
)


@dataclass(frozen=True)
class Transpose(StridedCopy):
    """Axis i of the output is axis `permutation[i]` of the input; the permutation is the second input, a constant.

    Dtypes: all, of at most five axes that move apart from each other, and one block.
    Source: TensorFlow Lite's TRANSPOSE.
    """

    tflite = (Builtin("TRANSPOSE"),)
    types = EVERY
    folded = (1,)
    limits = "constant permutation"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Transpose:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        x, y = node.input(0), node.output
        check_moved(node, x, y)
        order = constant_indices(node, 1).tolist()
        if sorted(order) != list(range(len(x.shape))):
            raise BadInput(f"{node}: {order} is no order of the axes of {x}; {CONVERT_AGAIN}")
        check_shape(node, [x.shape[i] for i in order], f"transposing {x} to {order}")
        check_copy(node, self.copy(node))

    def copy(self, node: Node) -> Copy:
        steps = dense(node.input(0).shape)
        return read(node.output.shape, [steps[i] for i in values(node, 1)])


@dataclass(frozen=True)
class Reverse(StridedCopy):
    """The elements from last to first along the axes that the second input, a constant, names.

    Dtypes: all. Source: TensorFlow Lite's REVERSE_V2.
    """

    tflite = (Builtin("REVERSE_V2"),)
    types = EVERY
    folded = (1,)

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Reverse:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        x, y = node.input(0), node.output
        check_moved(node, x, y)
        check_shape(node, x.shape, f"reversing {x}")
        axes = [positive_axis(node, a, len(x.shape)) for a in constant_indices(node, 1).tolist()]
        if len(set(axes)) != len(axes):
            raise BadInput(f"{node}: reverses an axis twice; {CONVERT_AGAIN}")
        check_copy(node, self.copy(node))

    def possible(self, node: Node) -> Iterable[Mapping[int, Array]]:
        return ({1: axes} for axes in lists_of_axes(node.input(1), len(node.input(0).shape)))

    def copy(self, node: Node) -> Copy:
        shape = node.output.shape
        steps, start = list(dense(shape)), 0
        for axis in {a % len(shape) for a in values(node, 1)}:
            start += (shape[axis] - 1) * steps[axis]
            steps[axis] = -steps[axis]
        return read(shape, steps, start)
