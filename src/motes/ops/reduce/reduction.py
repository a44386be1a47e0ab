"""What all reductions share: which axes go, as few loops as that takes, the checks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar, Self

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Flow, Kernel, Node, Op, Params, Tensor
from motes.operands import lists_of_axes
from motes.ops.common import CONVERT_AGAIN, CONVERT_TO_INT8, check_arity, check_constant, check_quant

LOOPS = 3
"""Loops of the kernels over what is kept, and as many over what is reduced."""

QUANTIZED = (DType.INT8, DType.INT16)


def reducer(name: str) -> tuple[Builtin, ...]:
    """The builtin operator `name`, with the fields of ReducerOptions."""
    return (Builtin(name, {"keep_dims": ("bool", False)}),)


def kernels(**functions: str) -> tuple[Kernel, ...]:
    """Kernels of `reduce.h` by the type they serve: `int8="reduce_max_s8"`."""

    def serving(dtype: DType, function: str) -> Kernel:
        return Kernel(function, "reduce.h", fits=lambda node: node.input(0).dtype is dtype)

    return tuple(serving(DType(name), function) for name, function in functions.items())


@dataclass(frozen=True)
class Reduction(Op):
    """One value for all elements along the axes that the second input names, counted from the end where negative.

    The second input is a constant, int32. With `keep_dims` the axes stay, with size 1.
    """

    folded = (1,)
    alike: ClassVar[bool] = True
    """Whether a quantized output must be quantized as the input is."""

    keep_dims: bool = False

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Self:
        return cls(options["keep_dims"])

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        x, y = node.input(0), node.output
        if x.dtype not in self.types:
            served = " or ".join(dtype.value for dtype in self.types)
            raise Unsupported(node, f"{x} is not {served}", CONVERT_TO_INT8)
        axes = reduced_axes(node)
        kept = tuple(1 if i in axes else size for i, size in enumerate(x.shape) if self.keep_dims or i not in axes)
        if y.dtype is not x.dtype or y.shape not in (kept, kept or (1,)):
            raise BadInput(f"{node}: {x} along axes {sorted(axes)} does not give {y}; {CONVERT_AGAIN}")
        if max(map(len, loops(x.shape, axes))) > LOOPS:
            raise Unsupported(node, f"reduces {x} along axes {sorted(axes)}: too many", "transpose them together")
        if x.dtype in QUANTIZED:
            check_quant(node, x)
            check_quant(node, y)
            if self.alike and (x.scale, x.zero_point) != (y.scale, y.zero_point):
                raise Unsupported(node, "its input and output are quantized differently", CONVERT_AGAIN)

    def possible(self, node: Node) -> Iterable[Mapping[int, Array]]:
        return ({1: axes} for axes in lists_of_axes(node.input(1), len(node.input(0).shape)))

    def flow(self, node: Node) -> Flow:
        x, axes = node.input(0), reduced_axes(node)
        return "mixed" if len(x.shape) - 1 in axes else "by channel"

    def params(self, node: Node) -> Params:
        return {**loop_params(node), "count": count(node)}

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0)
        if x.data is None or x.dtype in (*QUANTIZED, DType.FLOAT32):
            return None
        reduced = self.reduce(x.data, tuple(reduced_axes(node)))
        return (np.ascontiguousarray(reduced, x.dtype.numpy).reshape(node.output.shape),)

    def reduce(self, x: Array, axes: tuple[int, ...]) -> Array:
        """What becomes of integers or booleans; integers wrap."""
        raise NotImplementedError(type(self))


def reduced_axes(node: Node) -> set[int]:
    """The axes that go, none negative.

    Raises:
        BadInput: they are no axes of the input.
        Unsupported: they are computed.
    """
    x, axes = node.input(0), node.input(1)
    check_constant(node, axes)
    assert axes.data is not None
    if axes.dtype not in (DType.INT32, DType.INT64):
        raise BadInput(f"{node}: its axes, {axes}, are not int32; {CONVERT_AGAIN}")
    rank, values = len(x.shape), [int(axis) for axis in axes.data.ravel()]
    for axis in values:
        if not -rank <= axis < rank:
            raise BadInput(f"{node}: {axis} is not an axis of {x}; {CONVERT_AGAIN}")
    return {axis % rank for axis in values}


def count(node: Node) -> int:
    """Elements for each output."""
    return math.prod(node.input(0).shape[axis] for axis in reduced_axes(node))


def loops(shape: tuple[int, ...], axes: set[int]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(kept, reduced): (size, step in elements) of each loop, outermost first; neighbouring axes of a kind are one."""
    steps = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
    moving = [i for i, size in enumerate(shape) if size > 1]
    found: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for goes, group in groupby(moving, key=lambda i: i in axes):
        members = list(group)
        found[goes].append((math.prod(shape[i] for i in members), steps[members[-1]]))
    return found


def loop_params(node: Node) -> dict[str, int]:
    """The fields of all kernels' loops; those that are not needed run once."""
    fields: dict[str, int] = {}
    for name, needed in zip(("kept", "reduced"), loops(node.input(0).shape, reduced_axes(node)), strict=True):
        for i, (size, step) in enumerate([(1, 0)] * (LOOPS - len(needed)) + needed):
            fields |= {f"{name}{i}": size, f"{name}_step{i}": step}
    return fields
