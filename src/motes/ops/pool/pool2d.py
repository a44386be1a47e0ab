"""What all poolings share: the geometry of the window, its import and its checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from motes.errors import BadInput, Unsupported
from motes.ir import DType, Node, Op, Option, Params, Tensor
from motes.ops.common import (
    ACTIVATIONS,
    CONVERT_AGAIN,
    CONVERT_TO_INT8,
    PADDINGS,
    check_activation,
    check_arity,
    check_quant,
    check_window,
    float_limits,
    limits,
    named,
    window,
)

POOL2D_OPTIONS: Mapping[str, tuple[Option, Any]] = {
    "padding": ("byte", 0),
    "stride_w": ("int", 0),
    "stride_h": ("int", 0),
    "filter_width": ("int", 0),
    "filter_height": ("int", 0),
    "fused_activation_function": ("byte", 0),
}
"""The fields of Pool2DOptions in schema.fbs."""

LARGEST_WINDOW_S16 = (1 << 15) - 1
"""Elements whose sum, and half their number, an int32 holds."""


@dataclass(frozen=True)
class Pool2D(Op):
    """A window of `filter_h` by `filter_w` slides over height and width; each channel by itself."""

    padding: str
    stride_h: int
    stride_w: int
    filter_h: int
    filter_w: int
    activation: str = "NONE"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Self:
        return cls(
            padding=named(PADDINGS, options["padding"]),
            stride_h=options["stride_h"],
            stride_w=options["stride_w"],
            filter_h=options["filter_height"],
            filter_w=options["filter_width"],
            activation=named(ACTIVATIONS, options["fused_activation_function"]),
        )

    def check(self, node: Node) -> None:
        check_arity(node, 1, 1)
        x, y = node.input(0), node.output
        self._check_types(node)
        if len(x.shape) != 4 or len(y.shape) != 4:
            raise BadInput(f"{node}: {x} and {y} are not (batch, height, width, channels); {CONVERT_AGAIN}")
        check_window(node, self.filter_h, self.filter_w, self.stride_h, self.stride_w, self.padding)
        batch, height, width, channels = x.shape
        out_h, _ = window(height, self.filter_h, self.stride_h, 1, self.padding)
        out_w, _ = window(width, self.filter_w, self.stride_w, 1, self.padding)
        if y.shape != (batch, out_h, out_w, channels):
            raise BadInput(
                f"{node}: a {self.filter_h}x{self.filter_w} window over {x} does not give {y}; {CONVERT_AGAIN}"
            )
        if x.dtype is DType.INT16 and largest_window(node) > LARGEST_WINDOW_S16:
            raise Unsupported(
                node, f"a window of more than {LARGEST_WINDOW_S16:,} int16 elements", "choose a smaller one"
            )
        check_activation(node, self.activation)

    def _check_types(self, node: Node) -> None:
        """Input and output of one type that is served, and quantized alike."""
        x, y = node.input(0), node.output
        if x.dtype not in self.types:
            served = " or ".join(dtype.value for dtype in self.types)
            raise Unsupported(node, f"{x} is not {served}", CONVERT_TO_INT8)
        if y.dtype is not x.dtype:
            raise BadInput(f"{node}: {x} does not give {y}; {CONVERT_AGAIN}")
        if x.dtype is DType.FLOAT32:
            return
        check_quant(node, x)
        check_quant(node, y)
        if x.zero_point != y.zero_point or abs(x.scale - y.scale) > 1e-6:
            raise Unsupported(node, "its input and output are quantized differently", CONVERT_AGAIN)

    def params(self, node: Node) -> Params:
        batch, in_h, in_w, channels = node.input(0).shape
        out_h, pad_top = window(in_h, self.filter_h, self.stride_h, 1, self.padding)
        out_w, pad_left = window(in_w, self.filter_w, self.stride_w, 1, self.padding)
        is_float = node.output.dtype is DType.FLOAT32
        low, high = float_limits(self.activation) if is_float else limits(node, self.activation)
        return {
            "batch": batch,
            "in_h": in_h,
            "in_w": in_w,
            "channels": channels,
            "out_h": out_h,
            "out_w": out_w,
            "filter_h": self.filter_h,
            "filter_w": self.filter_w,
            "stride_h": self.stride_h,
            "stride_w": self.stride_w,
            "pad_top": pad_top,
            "pad_left": pad_left,
            "low": low,
            "high": high,
        }


def in_fours(node: Node) -> bool:
    """Whether the channels come in words of four."""
    return node.input(0).shape[3] % 4 == 0


def largest_window(node: Node) -> int:
    """The most elements of the input that one output sees."""
    op, (_, height, width, _) = node.op, node.input(0).shape
    assert isinstance(op, Pool2D), node
    return min(op.filter_h, height) * min(op.filter_w, width)
