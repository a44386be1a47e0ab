"""Parameters of `depthwise_conv_s8_scalar.h`, and when it can serve a node."""

from __future__ import annotations

from motes.ir import Node, Params
from motes.ops.common import limits
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.scalar import pack
from motes.ops.conv.window import Window

LARGEST = 12 * 1024
"""Bytes of an expanded image."""


def _axes(node: Node) -> tuple[int, int]:
    """The axes (down, across), 1 or 2: across is the one whose outputs fill fours better."""
    fours = {axis: -(-node.output.shape[axis] // 4) * node.output.shape[3 - axis] for axis in (1, 2)}
    across = 2 if fours[2] <= fours[1] else 1
    return 3 - across, across


def _extent(node: Node) -> tuple[int, int]:
    """(height, width) of the expanded image."""
    assert isinstance(node.op, Window), node
    w, y, stride = node.input(1).shape, node.output.shape, node.op.stride
    down, across = _axes(node)
    columns = -(-y[across] // 4) * 4
    return (y[down] - 1) * stride[down - 1] + w[down], (columns - 1) * stride[across - 1] + w[across]


def scratch(node: Node) -> int:
    """Bytes of an expanded image, and of a stride behind it."""
    assert isinstance(node.op, Window), node
    height, width = _extent(node)
    return 4 * (height * width + node.op.stride[_axes(node)[1] - 1])


def fits(node: Node) -> bool:
    """Whether depth is 1, nothing is dilated, an image of one channel is small, and the arithmetic holds."""
    op, taps = node.op, node.input(1).shape[1:3]
    assert isinstance(op, Window), node
    alone = node.input(0).shape[3] == node.output.shape[3] and op.dilation == (1, 1)
    usual = all(before < size for before, size in zip(op.pads[::2], taps, strict=True))
    return kind_of(node) is Kind.S8 and alone and usual and scratch(node) <= LARGEST and pack(node) is not None


def in_place(node: Node) -> tuple[tuple[int, int], ...]:
    """A channel's outputs may overwrite its image, which is expanded by then."""
    return ((0, 0),) if node.input(0).shape == node.output.shape else ()


def params(node: Node) -> Params:
    """The fields of `depthwise_conv_s8_scalar_params`."""
    op, packed, x, y = node.op, pack(node), node.input(0), node.output
    assert isinstance(op, Window) and packed is not None, node
    axes = dict(zip(("down", "across"), _axes(node), strict=True))
    height, width = _extent(node)
    low, high = limits(node, op.activation)
    channels, (_, rows, columns, _) = y.shape[3], node.input(1).shape
    weights = packed.weights.reshape(channels, rows, columns).transpose(0, *axes.values()).astype("int8")
    steps = {1: (x.shape[2] * channels, y.shape[2] * channels), 2: (channels, channels)}
    return {
        "batches": x.shape[0],
        "channels": channels,
        "in_size": x.elements // x.shape[0],
        "out_size": y.elements // y.shape[0],
        **{f"in_{name}": x.shape[axis] for name, axis in axes.items()},
        **{f"out_{name}": y.shape[axis] for name, axis in axes.items()},
        **{f"taps_{name}": node.input(1).shape[axis] for name, axis in axes.items()},
        **{f"stride_{name}": op.stride[axis - 1] for name, axis in axes.items()},
        **{f"pad_{name}": op.pads[2 * axis - 2] for name, axis in axes.items()},
        **{f"x_{name}": steps[axis][0] for name, axis in axes.items()},
        **{f"y_{name}": steps[axis][1] for name, axis in axes.items()},
        "height": height,
        "width": width,
        "in_zero": x.zero_point,
        "low": low,
        "high": high,
        "shift": packed.shift,
        "weights": weights.reshape(-1),
        "rescale": packed.rescale.reshape(-1),
    }
