"""What both convolutions share: the geometry of a sliding window, its import, its checks and its rescaling."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, DType, Node, Op, Params, Tensor
from motes.ops.common import (
    ACTIVATIONS,
    CONVERT_AGAIN,
    CONVERT_TO_INT8,
    PADDINGS,
    check_activation,
    check_arity,
    check_bias,
    check_constant,
    check_quant,
    check_weights,
    float_limits,
    limits,
    multiplier,
    multiplier_s64,
    named,
)

LIMIT = 1 << 24
"""Largest stride, dilation, padding or window in elements: index sums then stay far inside 32 bits."""


class Kind(enum.Enum):
    """What a convolution computes with, by the types of its input, its filter and its bias."""

    S8 = "s8"
    """int8, int8, int32: sums in 32 bits, rescaled with two roundings."""
    S16 = "s16"
    """int16, int8, int64 or no bias: sums in 64 bits, rescaled with one rounding. CONV_2D takes an int32 bias as well:
    then sums wrap in 32 bits and are rescaled as those of int8."""
    F32 = "f32"
    """float32, float32, float32: summed in TFLM's order."""
    HYBRID = "hybrid_f32"
    """float32, int8, float32: summed as floats, scaled once. TFLM has no such thing; LiteRT rounds the input."""


_KINDS = {
    (DType.INT8, DType.INT8): Kind.S8,
    (DType.INT16, DType.INT8): Kind.S16,
    (DType.FLOAT32, DType.FLOAT32): Kind.F32,
    (DType.FLOAT32, DType.INT8): Kind.HYBRID,
}


@dataclass(frozen=True)
class Window(Op):
    """A window that slides over the rows and columns of an input (batch, height, width, channels): see `Kind`.

    Input 1 is the filter: float32, or int8, symmetric, with one scale or one an output channel; input 2 the bias, which
    may be absent. Both are constant. What is quantized is rescaled as TFLM does it, one multiplier an output channel;
    int16 has the zero point 0. Outside the input lies its zero point.

    Source: TFLM's CONV_2D and DEPTHWISE_CONV_2D, reference kernels.
    """

    types = (DType.INT8, DType.INT16, DType.FLOAT32)
    folded: ClassVar[tuple[int, ...]] = (1, 2)
    channel_axis: ClassVar[int]
    """The axis of the filter that counts output channels."""

    stride: tuple[int, int] = (1, 1)  # rows, columns
    dilation: tuple[int, int] = (1, 1)  # rows, columns
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)  # top, bottom, left, right: any, whatever the file's padding was
    activation: str = "NONE"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Self:
        """The operator with its padding resolved to elements: the shape of the input is at hand here."""
        padding = named(PADDINGS, options["padding"])
        if padding not in PADDINGS:
            raise BadInput(f"{name}: padding {padding} is not SAME or VALID; {CONVERT_AGAIN}")
        stride = options["stride_h"], options["stride_w"]
        dilation = options["dilation_h_factor"], options["dilation_w_factor"]
        pads = (0, 0, 0, 0)
        x, w = (*inputs, None, None)[:2]
        # A malformed node keeps no padding here, and `check` says what is wrong with it.
        if padding == "SAME" and x and w and len(x.shape) == len(w.shape) == 4 and min(stride) > 0:
            pads = (
                *same_pads(x.shape[1], w.shape[1], stride[0], dilation[0]),
                *same_pads(x.shape[2], w.shape[2], stride[1], dilation[1]),
            )
        return cls(stride, dilation, pads, named(ACTIVATIONS, options["fused_activation_function"]))

    def check(self, node: Node) -> None:
        """Types, scales and the extents of the window; whether the channels agree is for the subclass."""
        check_arity(node, 2, 3)
        x, w, y = node.input(0), node.input(1), node.output
        for tensor in (x, w, y):
            if len(tensor.shape) != 4 or min(tensor.shape) < 1:
                raise BadInput(f"{node}: {tensor} must have four dimensions, none of them empty; {CONVERT_AGAIN}")
        channels = w.shape[self.channel_axis]
        check_types(node, x, w, y)
        kind = kind_of(node)
        if kind is Kind.F32:
            check_constant(node, w)
        else:
            check_weights(node, w, channels, self.channel_axis)
        if len(node.inputs) == 3 and node.inputs[2] is not None:
            check_bias(node, node.inputs[2], channels, self.bias_dtype(node))
        check_activation(node, self.activation)
        if kind in (Kind.S8, Kind.S16):
            self.rescale(node)
        if any(not 0 < n < LIMIT for n in (*self.stride, *self.dilation)):
            raise BadInput(
                f"{node}: stride {self.stride} and dilation {self.dilation} must be positive and below {LIMIT}; "
                f"{CONVERT_AGAIN}"
            )
        self._check_extent(node, 1, "rows")
        self._check_extent(node, 2, "columns")

    def _check_extent(self, node: Node, axis: int, what: str) -> None:
        """The output is as large along `axis` as input, window and padding make it."""
        x, w, y = node.input(0), node.input(1), node.output
        before, behind = self.pads[2 * axis - 2 : 2 * axis]
        reach = (w.shape[axis] - 1) * self.dilation[axis - 1] + 1
        if min(before, behind) < 0 or max(before, behind, reach) >= LIMIT:
            raise BadInput(f"{node}: a window over {reach} {what}, padded by {before} and {behind}, is out of range")
        made = (x.shape[axis] + before + behind - reach) // self.stride[axis - 1] + 1
        if (x.shape[0], made) != (y.shape[0], y.shape[axis]):
            raise BadInput(
                f"{node}: input {x.shape} and filter {w.shape} lead to {made} {what}, but the output is {y.shape}; "
                f"{CONVERT_AGAIN}"
            )

    def bias_dtype(self, node: Node) -> DType:
        """The type that the bias has."""
        if kind_of(node) in (Kind.F32, Kind.HYBRID):
            return DType.FLOAT32
        return DType.INT64 if self.wide(node) else DType.INT32

    def wide(self, node: Node) -> bool:
        """Whether sums have 64 bits."""
        return kind_of(node) is Kind.S16

    def filter(self, node: Node) -> Array:
        """The weights as they lie in the file."""
        data = node.input(1).data
        assert data is not None
        return data

    def bias(self, node: Node) -> Array:
        """One number an output channel, int32, int64 or float32; zeros where the node has none."""
        bias = node.inputs[2] if len(node.inputs) > 2 else None
        dtype = {Kind.S8: np.int32, Kind.S16: np.int64}.get(kind_of(node), np.float32)
        if bias is None or bias.data is None:
            return np.zeros(self.filter(node).shape[self.channel_axis], dtype)
        return bias.data.reshape(-1).astype(dtype)

    def rescale(self, node: Node) -> tuple[Array, Array]:
        """(multipliers, shifts), int32, one an output channel, of what is quantized."""
        x, y = node.input(0), node.output
        make = multiplier_s64 if self.wide(node) else multiplier
        pairs = [make(node, x.scale * scale / y.scale) for scale in self.scales(node)]
        multipliers, shifts = zip(*pairs, strict=True)
        return np.array(multipliers, np.int32), np.array(shifts, np.int32)

    def scales(self, node: Node) -> tuple[float, ...]:
        """The scale of the weights, one an output channel."""
        w = node.input(1)
        assert w.quant is not None
        return w.quant.scale * w.shape[self.channel_axis] if w.quant.per_tensor else w.quant.scale

    def geometry(self, node: Node) -> dict[str, int]:
        """Extents, strides, dilations and pads, by the names they have in parameter structs.

        What is one column wide throughout is described as one row: it lies in memory alike, and rows are faster.
        """
        x, w, y = node.input(0), node.input(1), node.output
        column = x.shape[2] == w.shape[2] == y.shape[2] == 1 and not any(self.pads[2:])
        first, second = ("w", "h") if column else ("h", "w")
        before, behind = (("left", "right"), ("top", "bottom"))[:: 1 if column else -1]
        return {
            "batches": x.shape[0],
            **{f"in_{first}": x.shape[1], f"in_{second}": x.shape[2], "in_ch": x.shape[3]},
            **{f"out_{first}": y.shape[1], f"out_{second}": y.shape[2], "out_ch": y.shape[3]},
            **{f"filter_{first}": w.shape[1], f"filter_{second}": w.shape[2]},
            **{f"stride_{first}": self.stride[0], f"stride_{second}": self.stride[1]},
            **{f"dilation_{first}": self.dilation[0], f"dilation_{second}": self.dilation[1]},
            **{f"pad_{name}": pad for name, pad in zip((*before, *behind), self.pads, strict=True)},
        }

    def params(self, node: Node) -> Params:
        """The fields of the portable kernel of the node's kind; a subclass adds how channels are shared out."""
        kind, geometry = kind_of(node), self.geometry(node)
        del geometry["pad_bottom"], geometry["pad_right"]
        quantized = kind in (Kind.S8, Kind.S16)
        low, high = limits(node, self.activation) if quantized else float_limits(self.activation)
        fields = {**geometry, "low": low, "high": high, "weights": self.filter(node).reshape(-1)}
        fields["bias"] = self.bias(node)
        if quantized:
            multipliers, shifts = self.rescale(node)
            fields |= {"multipliers": multipliers, "shifts": shifts.astype(np.int8)}
        if kind is Kind.S8:
            fields |= {"in_zero": node.input(0).zero_point, "out_zero": node.output.zero_point}
        if kind is Kind.HYBRID:
            fields["scales"] = np.array(self.scales(node), np.float32)
        return fields


def kind_of(node: Node) -> Kind:
    """The kind of a convolution that passes `check_types`."""
    return _KINDS[node.input(0).dtype, node.input(1).dtype]


def is_kind(kind: Kind) -> Callable[[Node], bool]:
    """Whether a node is of that kind."""
    return lambda node: kind_of(node) is kind


def check_types(node: Node, x: Tensor, w: Tensor, y: Tensor) -> None:
    """Types that go together, and quantizations of input and output as they ask for.

    Raises:
        Unsupported: input `x`, filter `w` and output `y` are of no `Kind`, or int16 has a zero point.
        BadInput: a scale or a zero point is impossible.
    """
    if x.dtype not in Window.types:
        raise Unsupported(node, f"{x} is not int8, int16 or float32", CONVERT_TO_INT8)
    if y.dtype is not x.dtype:
        raise Unsupported(node, f"its output, {y}, is not {x.dtype.value} as its input is", CONVERT_TO_INT8)
    if (x.dtype, w.dtype) not in _KINDS:
        raise Unsupported(node, f"its weights, {w}, are not int8", CONVERT_TO_INT8)
    for tensor in (x, y):
        if tensor.data is not None:
            check_constant(node, tensor)
        if tensor.dtype is DType.FLOAT32:
            continue
        check_quant(node, tensor)
        if tensor.dtype is DType.INT16 and tensor.zero_point:
            raise Unsupported(
                node,
                f"{tensor} has the zero point {tensor.zero_point}; TensorFlow Lite takes int16 to have 0",
                CONVERT_AGAIN,
            )


def same_pads(size: int, window: int, stride: int, dilation: int) -> tuple[int, int]:
    """(before, behind) that SAME padding means along one axis; the odd element goes behind."""
    made = -(-size // stride)
    total = max(0, (made - 1) * stride + (window - 1) * dilation + 1 - size)
    return total // 2, total - total // 2
