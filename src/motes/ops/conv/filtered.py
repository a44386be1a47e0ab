"""What all operators with a filter share: their types, their quantization, their bias, and how sums are rescaled."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from motes.errors import Unsupported
from motes.ir import Array, DType, Kernel, Node, Tensor
from motes.ops.common import (
    CONVERT_AGAIN,
    CONVERT_TO_INT8,
    check_activation,
    check_bias,
    check_constant,
    check_quant,
    check_symmetric,
    float_limits,
    limits,
    multiplier,
    multiplier_s64,
)
from motes.ops.linear import Weighted


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


class Filtered(Weighted):
    """An operator that sums products of an input with a filter.

    The filter is float32, or int8, symmetric, with one scale or one an output channel; the bias may be absent. Both are
    constant; else see `Computed`. What is quantized is rescaled as TFLM does it, one multiplier an output channel;
    int16 has the zero point 0.
    """

    types: ClassVar[tuple[DType, ...]] = (DType.INT8, DType.INT16, DType.FLOAT32)
    places: ClassVar[tuple[int, int, int]] = (0, 1, 2)
    """Which inputs are what is filtered, the filter and the bias."""
    channel_axis: ClassVar[int]
    """The axis of the filter that counts output channels."""
    computed: ClassVar[bool] = False
    """Whether filter and bias may be computed: kernels get pointers to them."""
    activation: str

    def check_values(self, node: Node) -> None:
        """Raise `Unsupported` or `BadInput` unless types, quantization, bias and activation go together."""
        x, w = self.ends(node)
        channels = w.shape[self.channel_axis]
        _check_types(node, x, w, node.output)
        kind = kind_of(node)
        if w.data is not None or not self.computed:
            check_constant(node, w)
        if kind is not Kind.F32:
            check_symmetric(node, w, channels, self.channel_axis)
        bias = self.bias_tensor(node)
        if bias is not None:
            check_bias(node, bias, channels, self.bias_dtype(node), self.computed)
        check_activation(node, self.activation)
        if kind in (Kind.S8, Kind.S16):
            self.rescale(node)

    def ends(self, node: Node) -> tuple[Tensor, Tensor]:
        """What is filtered, and the filter."""
        x, w, _ = self.places
        return node.input(x), node.input(w)

    def bias_tensor(self, node: Node) -> Tensor | None:
        """The bias, if the node has one."""
        place = self.places[2]
        return node.inputs[place] if len(node.inputs) > place else None

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
        data = self.ends(node)[1].data
        assert data is not None
        return data

    def bias(self, node: Node) -> Array:
        """One number an output channel, int32, int64 or float32; zeros where the node has none."""
        bias = self.bias_tensor(node)
        dtype = {Kind.S8: np.int32, Kind.S16: np.int64}.get(kind_of(node), np.float32)
        if bias is None or bias.data is None:
            return np.zeros(self.ends(node)[1].shape[self.channel_axis], dtype)
        return bias.data.reshape(-1).astype(dtype)

    def rescale(self, node: Node) -> tuple[Array, Array]:
        """(multipliers, shifts), int32, one an output channel, of what is quantized."""
        x, y = self.ends(node)[0], node.output
        make = multiplier_s64 if self.wide(node) else multiplier
        pairs = [make(node, x.scale * scale / y.scale) for scale in self.scales(node)]
        multipliers, shifts = zip(*pairs, strict=True)
        return np.array(multipliers, np.int32), np.array(shifts, np.int32)

    def scales(self, node: Node) -> tuple[float, ...]:
        """The scale of the weights, one an output channel."""
        w = self.ends(node)[1]
        assert w.quant is not None
        return w.quant.scale * w.shape[self.channel_axis] if w.quant.per_tensor else w.quant.scale

    def stored(self, node: Node) -> dict[str, int | Array]:
        """What parameter structs say of weights and bias."""
        return {"weights": self.filter(node).reshape(-1), "bias": self.bias(node)}

    def fields(self, node: Node) -> dict[str, int | float | Array]:
        """What parameter structs say of weights, bias and rescaling, by the kind of the node."""
        kind = kind_of(node)
        quantized = kind in (Kind.S8, Kind.S16)
        low, high = limits(node, self.activation) if quantized else float_limits(self.activation)
        fields: dict[str, int | float | Array] = {"low": low, "high": high}
        fields |= self.stored(node)
        if quantized:
            multipliers, shifts = self.rescale(node)
            fields |= {"multipliers": multipliers, "shifts": shifts.astype(np.int8)}
        if kind is Kind.S8:
            fields |= {"in_zero": self.ends(node)[0].zero_point, "out_zero": node.output.zero_point}
        if kind is Kind.HYBRID:
            fields["scales"] = np.array(self.scales(node), np.float32)
        return fields


def kind_of(node: Node) -> Kind:
    """The kind of a node of a `Filtered` operator that passes its check."""
    assert isinstance(node.op, Filtered), node
    x, w = node.op.ends(node)
    return _KINDS[x.dtype, w.dtype]


def portable(operator: str) -> tuple[Kernel, ...]:
    """The kernels `<operator>_<kind>`, one for each kind; that of int8 is made once a node."""
    return tuple(
        Kernel(
            f"{operator}_{kind.value}",
            f"{operator}_{kind.value}.h",
            fits=_is(kind),
            form="specialised" if kind is Kind.S8 else "shared",
        )
        for kind in Kind
    )


def _is(kind: Kind) -> Callable[[Node], bool]:
    return lambda node: kind_of(node) is kind


def _check_types(node: Node, x: Tensor, w: Tensor, y: Tensor) -> None:
    """Types that go together, and quantizations of input and output as they ask for.

    Raises:
        Unsupported: input `x`, filter `w` and output `y` are of no `Kind`, or int16 has a zero point.
        BadInput: a scale or a zero point is impossible.
    """
    if x.dtype not in Filtered.types:
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
