"""What operators on one tensor share: checks, and the tables of functions that see one element at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.intervals import Interval
from motes.ir import Array, DType, Flow, Kernel, Node, Op, Params, Rows, Tensor
from motes.ops.common import CONVERT_AGAIN, check_arity, check_constant, check_quant, row_by_row
from motes.ops.steps import steps_kernel

QUANTIZED = (DType.INT8, DType.UINT8, DType.INT16)
"""Element types that stand for real numbers by a scale and a zero point."""

Function = Callable[[np.float32], float]
"""A function of a real number, in single precision or better."""


class Pointwise(Op):
    """An operator whose every output is a function of the input at the same place, both of one type.

    A subclass that serves int8 or uint8 gives `outputs`; its kernels for them are `TABLE` and, where it
    rises or falls, `STEPS`.
    """

    quantized: ClassVar[tuple[DType, ...]] = QUANTIZED
    """Element types whose tensors need a scale and a zero point."""

    folds_int16: ClassVar[bool] = False
    """`outputs` is right for int16, too."""

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Op:
        """Most of them have no options."""
        return cls()

    def check(self, node: Node) -> None:
        """Shapes and types that agree, and what `check_ranges` asks for."""
        check_pointwise(node, self.types)
        x, y = node.input(0), node.output
        if x.dtype is not y.dtype:
            raise BadInput(f"{node}: {x} and {y} are of different types; {CONVERT_AGAIN}")
        if x.dtype in self.quantized:
            check_quant(node, x)
            check_quant(node, y)
            self.check_ranges(node)

    def check_ranges(self, node: Node) -> None:
        """Raise `Unsupported` for scales and zero points of quantized tensors that TFLM's arithmetic does not take."""

    def flow(self, node: Node) -> Flow:
        """Every element by itself."""
        return "by channel"

    def interval(self, node: Node, inputs: Sequence[Interval | None]) -> Interval | None:
        """Of bytes: all outputs are known."""
        (x,), y = inputs, node.output
        if x is None or y.dtype.size > 1 or TABLE not in self.kernels:
            return None
        every = np.arange(256) + np.iinfo(y.dtype.numpy).min
        return x.through(table(node).view(y.dtype.numpy)[every & 0xFF], int(every[0]))

    def params(self, node: Node) -> Params:
        """What a kernel of `float_kernel` needs."""
        return {"count": node.output.elements}

    def outputs(self, node: Node, x: Array) -> Array:
        """int64: the outputs for quantized inputs (int64), clipped to the type already or not."""
        raise NotImplementedError(type(self))

    def exactly(self, x: Array) -> Array | None:
        """float32: the outputs, where NumPy gives the bits that the kernel gives."""
        return None

    def rows(self, node: Node) -> Rows | None:
        """Each from the same row of the inputs, where `row_by_row` says so."""
        return row_by_row(node)

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        """The outputs of a constant, of floats where they are exact."""
        x = node.input(0)
        if x.data is None:
            return None
        if x.dtype is DType.FLOAT32:
            with np.errstate(all="ignore"):
                made = self.exactly(x.data)
            return None if made is None else (made.astype(np.float32),)
        if x.dtype in (DType.INT8, DType.UINT8):
            return (table(node)[x.data.view(np.uint8)].view(x.dtype.numpy).reshape(x.shape),)
        if x.dtype is not DType.INT16 or not self.folds_int16:
            return None
        return (np.clip(self.outputs(node, x.data.astype(np.int64)), -32768, 32767).astype(np.int16),)


def check_pointwise(node: Node, types: Sequence[DType]) -> None:
    """One input, one output of its shape; the input's type is one of `types`."""
    check_arity(node, 1, 1)
    x, y = node.input(0), node.output
    if x.dtype not in types:
        known = ", ".join(dtype.value for dtype in types)
        raise Unsupported(node, f"{x} is not one of {known}", "convert it to one of these types, with a CAST before")
    if x.shape != y.shape:
        raise BadInput(f"{node}: {x} does not give {y}; {CONVERT_AGAIN}")
    if x.data is not None:
        check_constant(node, x)


def of_type(*dtypes: DType) -> Callable[[Node], bool]:
    """Whether a node's first input is of one of these types: for `Kernel.fits`."""
    return lambda node: node.input(0).dtype in dtypes


def same_place(node: Node) -> tuple[tuple[int, int], ...]:
    """The output may take the input's address: element i is read before it is written."""
    return ((0, 0),)


def float_kernel(function: str, source: str, *, shared: bool = False) -> Kernel:
    """A kernel over float32 that needs to know nothing but how many elements there are."""
    return Kernel(
        function,
        source,
        fits=of_type(DType.FLOAT32),
        in_place=same_place,
        form="shared" if shared else "specialised",
    )


def table(node: Node) -> Array:
    """uint8 (256,): the output's bits by the input's, of an operator over int8 or uint8."""
    assert isinstance(node.op, Pointwise), node
    x, y = node.input(0), node.output
    info = np.iinfo(y.dtype.numpy)
    values = np.arange(256, dtype=np.uint8).view(x.dtype.numpy).astype(np.int64)
    outputs = np.clip(node.op.outputs(node, values), info.min, info.max).astype(y.dtype.numpy)
    return np.asarray(outputs.view(np.uint8))


TABLE = Kernel(
    "table_s8",
    "table_s8.h",
    fits=of_type(DType.INT8, DType.UINT8),
    params=lambda node: {"count": node.output.elements, "table": table(node)},
    in_place=same_place,
    form="shared",
    untyped=True,
)
"""Any function of one byte."""

STEPS = steps_kernel(table)
"""Such a function where it rises or falls, in a loop whose rounds differ in the input's scale: beside `TABLE`."""


def rounded(function: Function, node: Node, x: Array) -> Array:
    """int64: round(function(real x) / output scale) + zero point in single precision, as TFLM fills its tables.

    What no int32 holds saturates: there TFLM leaves the result to the C compiler.
    """
    source, y = node.input(0), node.output
    inverse = np.float32(1) / np.float32(y.scale)
    with np.errstate(over="ignore", invalid="ignore"):
        real = np.float32(source.scale) * (x - source.zero_point).astype(np.float32)
        steps = _round(single(function, real) * inverse)
        return np.asarray(np.nan_to_num(np.clip(steps + np.float32(y.zero_point), -(2.0**31), 2.0**31 - 1)), np.int64)


def interpolation(function: Function, node: Node) -> Array:
    """int16 (513,): a function's values at every 128th int16, moved by half of what straight lines miss between them.

    Source: TensorFlow Lite's `LUTPopulate` for int16, in single precision.
    """
    x, y = node.input(0), node.output

    def real(scale: float, value: int) -> float:
        return float(np.float32(scale) * np.float32(value))

    (low, high), (out_low, out_high) = (
        (real(t.scale, -32768 - t.zero_point), real(t.scale, 32767 - t.zero_point)) for t in (x, y)
    )
    return sampled(function, low, high, out_low, out_high)


def sampled(function: Function, low: float, high: float, out_low: float, out_high: float) -> Array:
    """int16 (513,): `function` over low..high in 512 steps, out_low..out_high being the range of int16."""
    step = (np.float32(high) - np.float32(low)) / np.float32(512)
    inverse = np.float32(65536) / (np.float32(out_high) - np.float32(out_low))
    at = np.float32(low) + np.arange(513, dtype=np.float32) * step
    with np.errstate(over="ignore", invalid="ignore"):
        values = single(function, at) * inverse
        middles = _round(single(function, at[:-1] + step / np.float32(2)) * inverse)
        samples = _round(values)
        between = _round((values[1:] + samples[:-1]) / np.float32(2))
        bias = _round((between - middles) / np.float32(2))
        last = _round(single(function, np.array([high], np.float32)) * inverse)
        whole = np.nan_to_num(np.concatenate([samples[:-1] - bias, last]), nan=0.0)
    return np.asarray(np.clip(whole, -32768, 32767), np.int16)


def single(function: Function, x: Array) -> Array:
    """float32: the function of each element of a float32 array."""
    return np.asarray([function(value) for value in x.ravel()], np.float32).reshape(x.shape)


def _round(x: Array) -> Array:
    """To the nearest whole number, halves away from zero; infinities stay. float32."""
    whole = np.trunc(x)
    return np.asarray(np.where(np.isinf(x), x, whole + np.trunc((x - whole) * 2)), np.float32)


INTERPOLATED = Kernel("table_s16", "table_s16.h", fits=of_type(DType.INT16), in_place=same_place, form="shared")
"""Any smooth function of an int16; its parameters are `count` and `table`, by `interpolation`."""


def exponential(x: float) -> float:
    """e^x; infinity where no double holds it."""
    return math.exp(x) if x < 709.0 else math.inf
