"""What elementwise operators over several tensors share: shapes that are broadcast, loops over merged axes, folding."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.intervals import Interval
from motes.ir import Array, DType, Flow, Node, Op, Params, Rows, Tensor
from motes.ops.common import (
    ACTIVATIONS,
    CONVERT_AGAIN,
    check_activation,
    check_arity,
    check_constant,
    check_quant,
    float_limits,
    limits,
    row_by_row,
)

LOOPS = 6
"""Loops of the kernels, as in `c/broadcast.h`: what TFLM's own kernels have at most."""

QUANTIZED = (DType.INT8, DType.INT16)
"""Element types that stand for real numbers by a scale and a zero point."""


def merged_axes(*shapes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The fewest axes that broadcast alike, as sizes of each shape, outermost first.

    Axes missing in front count as 1. Neighbours along which the same shapes are repeated become one.
    """
    rank = max(map(len, shapes))
    axes = list(zip(*((1,) * (rank - len(s)) + s for s in shapes), strict=True))
    moving = [sizes for sizes in axes if max(sizes) > 1]
    groups = groupby(moving, key=lambda sizes: tuple(size == 1 for size in sizes))
    merged = [tuple(int(size) for size in np.prod(list(group), axis=0)) for _, group in groups]
    return merged or [(1,) * len(shapes)]


def loops(*shapes: tuple[int, ...]) -> Array:
    """int32 (LOOPS * (1 + len(shapes)),): for each loop how often it runs, then each input's step in elements."""
    axes = merged_axes(*shapes)
    table = np.zeros((LOOPS, 1 + len(shapes)), np.int32)
    table[:, 0] = 1
    steps = [1] * len(shapes)
    for row, sizes in zip(table[::-1], reversed(axes), strict=False):
        row[0] = max(sizes)
        row[1:] = [0 if size == 1 else step for size, step in zip(sizes, steps, strict=True)]
        steps = [step * size for step, size in zip(steps, sizes, strict=True)]
    return table.ravel()


def in_place(node: Node) -> tuple[tuple[int, int], ...]:
    """Inputs whose address the output may take: not repeated, since they are read again, and not narrower."""
    y = node.output
    return tuple(
        (0, i) for i, x in enumerate(node.pointers) if x.elements == y.elements and x.dtype.size >= y.dtype.size
    )


def is_type(*dtypes: DType) -> Callable[[Node], bool]:
    """Whether a node's first input is of one of these types: for `Kernel.fits`."""
    return lambda node: node.input(0).dtype in dtypes


def check_tensors(
    node: Node, inputs: Sequence[Tensor], types: Sequence[DType], quantized: Sequence[DType] = QUANTIZED
) -> None:
    """Tensors of one type out of `types`; constants are whole; those of types that are `quantized` have one scale."""
    first = inputs[0]
    if first.dtype not in types:
        known = ", ".join(dtype.value for dtype in types)
        raise Unsupported(
            node, f"{first} is not one of {known}", "convert it to one of these types, with a CAST before"
        )
    for tensor in inputs:
        if tensor.dtype is not first.dtype:
            raise BadInput(f"{node}: {first} and {tensor} are of different types; {CONVERT_AGAIN}")
        if tensor.data is not None:
            check_constant(node, tensor)
        if tensor.dtype in quantized:
            check_quant(node, tensor)


def check_symmetric(node: Node) -> None:
    """No int16 tensor has a zero point: TFLM's products of them leave no room for one."""
    for tensor in (*node.inputs, *node.outputs):
        if tensor is not None and tensor.dtype is DType.INT16 and tensor.zero_point:
            raise Unsupported(node, f"{tensor} has a zero point other than 0", "quantize int16 symmetrically")


def check_shapes(node: Node, shapes: Sequence[tuple[int, ...]]) -> None:
    """Inputs of these shapes broadcast to the output's, along few enough axes."""
    names = " and ".join(str(tensor) for tensor in node.inputs)
    try:
        whole = np.broadcast_shapes(*shapes)
    except ValueError:
        whole = None
    if whole is None or _without_front(whole) != _without_front(node.output.shape):
        raise BadInput(f"{node}: {names} do not broadcast to {node.output}; {CONVERT_AGAIN}")
    if len(merged_axes(*shapes)) > LOOPS:
        raise Unsupported(node, f"broadcasts {names} along too many axes", "reshape them to fewer axes")


def _without_front(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape without axes of 1 in front."""
    return shape[next((i for i, size in enumerate(shape) if size != 1), len(shape)) :]


def check_fused(node: Node, activation: str) -> None:
    """A fused activation whose limits the output's type can hold."""
    if node.output.dtype in QUANTIZED:
        check_activation(node, activation)
    elif activation not in ACTIVATIONS:
        raise Unsupported(
            node,
            f"fused activation {activation} is not one of {', '.join(ACTIVATIONS)}",
            "make the activation a layer of its own",
        )


def fused_limits(node: Node, activation: str) -> tuple[float, float]:
    """The smallest and the largest value that a fused activation leaves of the output's type: ints, or floats.

    Source: `CalculateActivationRange` of TensorFlow Lite's kernels.
    """
    dtype = node.output.dtype
    if dtype is DType.FLOAT32:
        return float_limits(activation)
    if dtype in QUANTIZED:
        return limits(node, activation)
    info = np.iinfo(dtype.numpy)
    return {"RELU": (0, int(info.max)), "RELU_N1_TO_1": (-1, 1), "RELU6": (0, 6)}.get(
        activation, (int(info.min), int(info.max))
    )


def clamp(values: Array, low: float, high: float) -> Array:
    """`values` within limits as kernels compare them: a NaN, and a zero's sign, stay."""
    least = np.where(values < low, values.dtype.type(low), values)
    return np.asarray(np.where(high < least, values.dtype.type(high), least))


@dataclass(frozen=True)
class Elementwise(Op):
    """An operator whose output is a function of its inputs, element by element, broadcast against each other."""

    arity: ClassVar[int] = 2
    quantized: ClassVar[tuple[DType, ...]] = QUANTIZED
    """Types of tensors that must have a scale and a zero point."""

    monotonic: ClassVar[bool] = False
    """Of integers of one or two bytes it rises or falls in each input, while the others stay."""

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Op:
        """The operator: it has no options, unless a subclass says so."""
        return cls()

    def check(self, node: Node) -> None:
        """Raise unless there are `arity` inputs of one type that broadcast to the output."""
        check_arity(node, self.arity, self.arity)
        self.check_types(node)
        check_shapes(node, self.shapes(node))

    def check_types(self, node: Node) -> None:
        """Raise unless types and quantization of all tensors are such that it has a meaning."""
        check_tensors(node, [node.input(0), node.input(1), node.output], self.types, self.quantized)

    def shapes(self, node: Node) -> list[tuple[int, ...]]:
        """The inputs' shapes, as they are broadcast against each other."""
        return [tensor.shape for tensor in node.inputs if tensor is not None]

    def params(self, node: Node) -> Params:
        """The loops alone, unless a subclass adds to them."""
        return {"axes": loops(*self.shapes(node))}

    def compute(self, node: Node, *inputs: Array) -> Array:
        """The output's values, exactly, for the inputs' values; wider types than the output's may hold them."""
        raise NotImplementedError(type(self))

    def flow(self, node: Node) -> Flow:
        """By channel, unless inputs are seen under another shape."""
        last = {shape[-1:] for shape in self.shapes(node)}
        own = {tensor.shape[-1:] for tensor in node.inputs if tensor is not None}
        return "by channel" if last == own else "mixed"

    def interval(self, node: Node, inputs: Sequence[Interval | None]) -> Interval | None:
        """From the ends of the inputs' intervals, where it is monotonic."""
        known = [(i.low, i.high) for i in inputs if i is not None]
        if not self.monotonic or self.flow(node) == "mixed" or len(known) < len(node.inputs):
            return None
        ends = [self.compute(node, *choice) for choice in itertools.product(*known)]
        return Interval(np.minimum.reduce(ends), np.maximum.reduce(ends))

    def rows(self, node: Node) -> Rows | None:
        """Each from the same row of the inputs, where `row_by_row` says so."""
        return row_by_row(node)

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        """The output of constants: what `compute` makes of them."""
        known = [tensor.data for tensor in node.inputs if tensor is not None and tensor.data is not None]
        if len(known) < len(node.inputs):
            return None
        with np.errstate(all="ignore"):
            made = self.compute(node, *(x.reshape(s) for x, s in zip(known, self.shapes(node), strict=True)))
        y = node.output
        return (made.astype(y.dtype.numpy).reshape(y.shape),)
