"""What the operators that only move elements share: types, axes, constant shapes, and the strided copy.

A strided copy moves one element for every index of some axes, from `x_start + sum(index * axis.x)` of its input to
`y_start + sum(index * axis.y)` of its output. Slices, transposes, reversals and repetitions differ only in these
numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, DType, Flow, Kernel, Node, Op, Params, Tensor
from motes.ops.common import CONVERT_AGAIN, check_constant

LOOPS = 5
"""Axes of the C, besides the block that each index moves."""

EVERY = (
    DType.INT8,
    DType.UINT8,
    DType.INT16,
    DType.INT32,
    DType.INT64,
    DType.FLOAT32,
    DType.BOOL,
)
"""The types that elements may be moved in; the oracle for an operator may know fewer."""

INDICES = (DType.INT32, DType.INT64)
"""The types of axes, positions and shapes."""


@dataclass(frozen=True)
class Axis:
    """`size` indices; from one to the next, `x` elements of the input and `y` of the output."""

    size: int
    x: int
    y: int


@dataclass(frozen=True)
class Copy:
    """The axes of a strided copy, outermost first, and where it starts, in elements."""

    axes: tuple[Axis, ...]
    x_start: int = 0
    y_start: int = 0

    @property
    def merged(self) -> tuple[Axis, ...]:
        """The fewest axes that do the same: none of size 1, neighbours that are one run become one."""
        found: list[Axis] = []
        for axis in self.axes:
            if axis.size == 1:
                continue
            last = found[-1] if found else None
            if last and (last.x, last.y) == (axis.size * axis.x, axis.size * axis.y):
                found[-1] = Axis(last.size * axis.size, axis.x, axis.y)
            else:
                found.append(axis)
        return tuple(found)

    @property
    def blocks(self) -> tuple[tuple[Axis, ...], int]:
        """The axes that loops go over, and the elements that lie side by side in input and output and move as one."""
        axes = self.merged
        if axes and (axes[-1].x, axes[-1].y) == (1, 1):
            return axes[:-1], axes[-1].size
        return axes, 1

    @property
    def moves_nothing(self) -> bool:
        """Whether the output is the input's first elements in their order."""
        return (self.x_start, self.y_start) == (0, 0) and not self.blocks[0]

    def params(self, size: int) -> dict[str, int | Array]:
        """The fields of `strided_copy_params`, for elements of `size` bytes."""
        axes, block = self.blocks
        axes = (Axis(1, 0, 0),) * (LOOPS - len(axes)) + axes
        return {
            "sizes": np.array([a.size for a in axes], np.int32),
            "x_steps": np.array([a.x * size for a in axes], np.int32),
            "y_steps": np.array([a.y * size for a in axes], np.int32),
            "x_start": self.x_start * size,
            "y_start": self.y_start * size,
            "block": block * size,
        }

    def apply(self, x: Array, y: Array) -> None:
        """Do it in NumPy: `y` is written."""
        at_x, at_y = np.array(self.x_start), np.array(self.y_start)
        for axis in self.axes:
            index = np.arange(axis.size)
            at_x = at_x[..., np.newaxis] + index * axis.x
            at_y = at_y[..., np.newaxis] + index * axis.y
        y.reshape(-1)[at_y] = x.reshape(-1)[at_x]


def dense(shape: Sequence[int]) -> tuple[int, ...]:
    """How far apart, in elements, neighbours along each axis of a tensor lie."""
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


def read(shape: Sequence[int], steps: Sequence[int], start: int = 0) -> Copy:
    """The copy that fills an output of this shape, in order, by going through the input with these steps."""
    return Copy(tuple(Axis(*a) for a in zip(shape, steps, dense(shape), strict=True)), start)


@dataclass(frozen=True)
class StridedCopy(Op):
    """An operator whose output is a strided copy of its first input; every element of the output is written."""

    def copy(self, node: Node) -> Copy:
        """What it moves."""
        raise NotImplementedError(self)

    def flow(self, node: Node) -> Flow:
        """All it does is to move elements."""
        return "moved"

    def params(self, node: Node) -> Params:
        """The fields of `strided_copy_params`."""
        return self.copy(node).params(node.output.dtype.size)

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        """The same moves in NumPy."""
        x = node.input(0).data
        if x is None:
            return None
        y = np.empty(node.output.shape, node.output.dtype.numpy)
        self.copy(node).apply(x, y)
        return (y,)

    def part(self, node: Node) -> int | None:
        """Where the output begins in the first input, in bytes, where it is one piece of it."""
        copy = self.copy(node)
        axes, block = copy.blocks
        whole = not axes and block == node.output.elements and not copy.y_start
        return copy.x_start * node.output.dtype.size if whole else None

    def copies(self, node: Node) -> int | None:
        """The first input, where everything stays in its place."""
        same = node.input(0).elements == node.output.elements
        return 0 if same and self.copy(node).moves_nothing else None


def copy_of(node: Node) -> Copy:
    """What a strided copy's node moves."""
    assert isinstance(node.op, StridedCopy), node
    return node.op.copy(node)


def element_kernel(size: int) -> Kernel:
    """Moves single elements of `size` bytes."""

    def fits(node: Node) -> bool:
        return node.output.dtype.size == size and copy_of(node).blocks[1] == 1

    return Kernel(f"copy_{size}", "strided_copy.h", fits=fits, form="shared", untyped=True)


StridedCopy.kernels = (
    Kernel("copy_blocks", "strided_copy.h", form="shared", untyped=True),
    *map(element_kernel, (1, 2, 4, 8)),
)


def check_copy(node: Node, copy: Copy) -> None:
    """The C has enough loops for it."""
    if len(copy.blocks[0]) > LOOPS:
        raise Unsupported(
            node, f"moves {node.output} along more than {LOOPS} axes at once", "reshape its input to fewer axes"
        )


# ------------------------------------------------------------------------------------------------ checks


def check_moved(node: Node, *tensors: Tensor, types: Sequence[DType] = ()) -> None:
    """All tensors have one type, which is among `types`; by default those of the operator."""
    first = tensors[0]
    types = types or node.op.types
    if first.dtype not in types:
        names = ", ".join(t.value for t in types)
        raise Unsupported(node, f"{first} is of another type than {names}", "convert the model again with one of these")
    for tensor in tensors[1:]:
        if tensor.dtype is not first.dtype:
            raise BadInput(f"{node}: {first} and {tensor} are of different types; {CONVERT_AGAIN}")


def check_shape(node: Node, shape: Sequence[int], what: str) -> None:
    """The only output has this shape."""
    if node.output.shape != tuple(shape):
        raise BadInput(f"{node}: {what} gives {list(shape)}, not {node.output}; {CONVERT_AGAIN}")


def check_indices(node: Node, tensor: Tensor, rank: int | None = 1) -> None:
    """The tensor holds int32 or int64 values, along `rank` axes; None: any number of them."""
    if tensor.dtype not in INDICES:
        raise Unsupported(node, f"{tensor} is not int32 or int64", CONVERT_AGAIN)
    if rank is not None and len(tensor.shape) != rank:
        raise BadInput(f"{node}: {tensor} does not have {rank} axes; {CONVERT_AGAIN}")


def constant_indices(node: Node, index: int, rank: int | None = 1) -> Array:
    """The values of input `index`, which is there, constant, and of int32 or int64."""
    tensor = node.input(index)
    check_indices(node, tensor, rank)
    check_constant(node, tensor)
    assert tensor.data is not None
    return tensor.data.astype(np.int64)


def values(node: Node, index: int) -> list[int]:
    """The flat values of constant input `index`, behind `check`."""
    data = node.input(index).data
    assert data is not None, node
    return [int(v) for v in data.ravel()]


def positive_axis(node: Node, axis: int, rank: int) -> int:
    """The axis counted from the front; negative ones are counted from behind.

    Raises:
        BadInput: there is no such axis.
    """
    if not -rank <= axis < rank:
        raise BadInput(f"{node}: has no axis {axis} among {rank}; {CONVERT_AGAIN}")
    return axis % rank


def all_constant(tensors: Iterable[Tensor | None]) -> bool:
    """Whether every input's values are known."""
    return all(t is None or t.data is not None for t in tensors)
