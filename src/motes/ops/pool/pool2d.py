"""What all poolings share: the geometry of the window, its import and its checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from motes.errors import BadInput, Unsupported
from motes.intervals import Interval
from motes.ir import DType, Flow, Node, Op, Option, Params, Rows, Tensor
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
    same_pads,
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

    stride_h: int
    stride_w: int
    filter_h: int
    filter_w: int
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)  # top, bottom, left, right
    activation: str = "NONE"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Self:
        """The operator with its padding resolved to elements: the shape of the input is at hand here."""
        padding = named(PADDINGS, options["padding"])
        if padding not in PADDINGS:
            raise BadInput(f"{name}: padding {padding} is not SAME or VALID; {CONVERT_AGAIN}")
        sides, strides = (options["filter_height"], options["filter_width"]), (options["stride_h"], options["stride_w"])
        pads = (0, 0, 0, 0)
        # A malformed node keeps no padding here, and `check` says what is wrong with it.
        if padding == "SAME" and inputs and inputs[0] and len(inputs[0].shape) == 4 and min(*sides, *strides) > 0:
            rows, columns = map(same_pads, inputs[0].shape[1:3], sides, strides, (1, 1))
            pads = (*rows, *columns)
        return cls(*strides, *sides, pads, named(ACTIVATIONS, options["fused_activation_function"]))

    def check(self, node: Node) -> None:
        check_arity(node, 1, 1)
        x, y = node.input(0), node.output
        self._check_types(node)
        if len(x.shape) != 4 or len(y.shape) != 4:
            raise BadInput(f"{node}: {x} and {y} are not (batch, height, width, channels); {CONVERT_AGAIN}")
        check_window(node, self.filter_h, self.filter_w, self.stride_h, self.stride_w)
        batch, height, width, channels = x.shape
        sides, strides = (self.filter_h, self.filter_w), (self.stride_h, self.stride_w)
        padded = height + sum(self.pads[:2]), width + sum(self.pads[2:])
        made = ((size - side) // stride + 1 for size, side, stride in zip(padded, sides, strides, strict=True))
        if y.shape != (batch, *made, channels):
            raise BadInput(
                f"{node}: a {self.filter_h}x{self.filter_w} window over {x} does not give {y}; {CONVERT_AGAIN}"
            )
        if min(self.pads) < 0 or any(max(self.pads[2 * i :][:2]) >= side for i, side in enumerate(sides)):
            raise BadInput(f"{node}: a window may lie wholly in the padding {self.pads}; {CONVERT_AGAIN}")
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

    def flow(self, node: Node) -> Flow:
        return "by channel"

    def interval(self, node: Node, inputs: Sequence[Interval | None]) -> Interval | None:
        (x,) = inputs
        return x and x.clip(*limits(node, self.activation))

    def rows(self, node: Node) -> Rows | None:
        return Rows(self.filter_h, self.stride_h, *self.pads[:2]) if node.input(0).shape[0] == 1 else None

    def padded(self, node: Node, before: int, behind: int) -> Self:
        return replace(self, pads=(before, behind, *self.pads[2:]))

    def params(self, node: Node) -> Params:
        batch, in_h, in_w, channels = node.input(0).shape
        _, out_h, out_w, _ = node.output.shape
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
            "pad_top": self.pads[0],
            "pad_left": self.pads[2],
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
