"""Parameters of `conv_strips_s8_dsp.h`, and when it can serve a node."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.ir import ALIGN, Array, Node, Params, Tensor
from motes.ops.common import limits
from motes.ops.conv import points
from motes.ops.conv.blocks import steps_of
from motes.ops.conv.channels import channels
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.window import Window, but_for_rows

STEPS = 15
"""Of a window, at most: a pair of channels has 32 float registers."""

REACH = 4096
"""Bytes to which immediates of loads and stores reach."""

WORTH = 2000
"""Outputs for which a copy of the code pays by itself."""


@dataclass(frozen=True)
class View:
    """A convolution as its kernel goes about it; lengths in values."""

    in_h: int
    row: int
    out_h: int
    out_w: int
    stride_h: int
    pad_top: int
    left: int
    filter_h: int
    run: int  # of a window, in a row
    d: int  # from a window to the next

    @property
    def width(self) -> int:
        """Words of a window in a strip."""
        return -(-self.run // 2)

    @property
    def count(self) -> int:
        """Values of a strip."""
        return (self.out_w - 2) * self.d + self.run

    @property
    def strip(self) -> int:
        """Bytes of a strip: whole fours of halfwords, or twelves."""
        return -(-self.count // 12) * 24 if self.sixes else -(-self.count // 4) * 8

    @property
    def sixes(self) -> bool:
        """Whether each six values of a strip are in another order, which saves work: three channels at stride 2."""
        return self.d == 6 and self.run % 3 == 0 and self.left == 0

    @property
    def inside(self) -> int:
        """Values of a strip, behind the padding, that have the one d behind them in the row, too."""
        return max(0, min(self.row - self.d, self.count - self.left))

    @property
    def groups(self) -> tuple[int, int]:
        """Fours or twelves of values that are expanded together: in a row with another one behind it, where what lies
        beyond the end may be read, and in the last."""
        each = 12 if self.sixes else 4
        within = self.inside // each
        return (-(-self.count // each) if self.left == 0 and self.count <= self.row else within), within

    @property
    def order(self) -> Array:
        """The values of a window in a row as a strip has them; what is beyond `run` does not count."""
        sixes = np.arange(-(-self.run // 6) * 6).reshape(-1, 6)
        return (sixes[:, [0, 2, 1, 3, 4, 5]] if self.sixes else sixes).reshape(-1)[: 2 * self.width]


def look(node: Node) -> View:
    """A convolution or depthwise convolution as a `View`."""
    assert isinstance(node.op, Window), node
    g = node.op.geometry(node)
    return View(
        g["in_h"], g["in_w"] * g["in_ch"], g["out_h"], g["out_w"], g["stride_h"], g["pad_top"],
        g["pad_left"] * g["in_ch"], g["filter_h"], g["filter_w"] * g["in_ch"], g["stride_w"] * g["in_ch"],
    )  # fmt: skip


@but_for_rows
def pack(node: Node) -> tuple[int, Array] | None:
    """(shift, stream), None where a sum is too large or a channel has no proven step function."""
    op, view = node.op, look(node)
    assert isinstance(op, Window), node
    each = channels(op, node)
    if each is None or any(c.rescale.constant is None and max(-c.rescale.low, c.rescale.high) >= 1 << 23 for c in each):
        return None
    shift, biases, rescales = steps_of(each)
    if shift == 0:
        return None
    live = np.array([c.rescale.constant is None for c in each])
    weights = np.stack([c.weights for c in each]) * live[:, np.newaxis]
    starts = 257 * biases - 128 * weights.sum(axis=1)
    rows = np.zeros((len(each), view.filter_h, view.run + 6), np.int64)
    rows[:, :, : view.run] = weights.reshape(len(each), view.filter_h, view.run)
    rows = rows[:, :, view.order]
    words = (rows[:, :, ::2] & 0xFFFF | rows[:, :, 1::2] << 16).reshape(len(each) // 2, 2, -1)
    ends = np.array(rescales, np.int64).reshape(len(each) // 2, 2, 2)
    parts = (words, starts.reshape(-1, 2, 1), ends[:, :, 1:], ends[:, :, :1])
    stream = np.hstack([np.swapaxes(part, 1, 2).reshape(len(each) // 2, -1) for part in parts])
    return shift, (stream & 0xFFFFFFFF).astype(np.uint32).view(np.int32).reshape(-1)


def fits(node: Node) -> bool:
    """Whether every output channel sees all input channels, windows are small, but not one pixel at stride 1, and every
    channel is proven."""
    op, count = node.op, node.output.shape[3]
    assert isinstance(op, Window), node
    if kind_of(node) is not Kind.S8 or node.input(1).shape[3 - op.channel_axis] != node.input(0).shape[3]:
        return False
    view = look(node)
    behind = view.strip * (view.filter_h - 1) + 4 * view.width + 4 * view.d
    return (
        op.dilation == (1, 1)
        and view.filter_h * view.width <= STEPS
        and view.out_w >= 4
        and not points.alone(node)
        and view.d % 2 == 0
        and node.input(0).shape[0] == 1
        and count % 2 == 0
        and max(behind, 4 * count, 8 * view.d) < REACH
        and max(view.left, view.pad_top, view.stride_h, view.count) < 1 << 15
        and limits(node, op.activation) == (-128, 127)
        and pack(node) is not None
    )


def pays(node: Node) -> bool:
    """Whether it is worth a copy of the code."""
    return node.output.elements >= WORTH


def params(node: Node) -> Params:
    """The fields of `conv_strips_s8_dsp_params`."""
    view, packed = look(node), pack(node)
    assert packed is not None, node
    names = ("in_h", "row", "out_h", "out_w", "stride_h", "pad_top", "left", "d", "count", "inside")
    return {
        **{name: getattr(view, name) for name in names},
        "pitch": view.strip // 4,
        "groups": view.groups[0],
        "groups_last": view.groups[1],
        "in_zero": node.input(0).zero_point,
        "stream": packed[1],
    }


def constants(node: Node) -> tuple[int, ...]:
    """The arguments of `conv_strips_s8_dsp_COPY`."""
    view, packed = look(node), pack(node)
    assert packed is not None, node
    pitch = 0 if view.filter_h == 1 else view.strip
    return (view.width, view.filter_h, pitch, view.d, node.output.shape[3], packed[0], int(view.sixes))


def scratch(node: Node) -> int:
    """Bytes of the strips."""
    view = look(node)
    return view.filter_h * view.strip


def ahead(node: Node) -> tuple[tuple[Tensor, Tensor, int], ...]:
    """As `Kernel.ahead`: a row of outputs is written when the rows of the input that it needs are in strips."""
    view, made = look(node), node.output.shape[3]
    needed = [i * view.stride_h - view.pad_top + view.filter_h for i in range(view.out_h - 1)]
    behind = [(i + 1) * view.out_w * made - min(max(row, 0), view.in_h) * view.row for i, row in enumerate(needed)]
    return ((node.output, node.input(0), -(-max(0, 0, *behind) // ALIGN) * ALIGN),)


def call_cycles(node: Node) -> float:
    """Rows of the input that were there in the call before, once more."""
    view = look(node)
    return 3.5 * view.row * max(0, view.filter_h - view.stride_h)
