"""Parameters of `conv_s8_mve.h`, and when it can serve a node."""

from __future__ import annotations

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.common import limits
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.window import Window

VECTOR = 16
"""Bytes of a vector."""
FOUR = 4
"""Channels whose outputs are made together."""
WINDOWS = 3
"""Windows whose sums are made together."""


def rescaling(node: Node) -> tuple[Array, Array] | None:
    """(multipliers, shifts), int32 and int8, one an output channel, all shifts below 0; None: one is not.

    A multiplier of 0 gives 0 with any shift.
    """
    assert isinstance(node.op, Window), node
    multipliers, shifts = node.op.rescale(node)
    shifts = np.where(multipliers == 0, -1, shifts)
    return (multipliers, shifts.astype(np.int8)) if shifts.max() < 0 else None


def fits(node: Node) -> bool:
    """Whether every output channel sees all input channels, there are four of them, and all outputs are scaled down."""
    assert isinstance(node.op, Window), node
    whole = node.input(1).shape[3] == node.input(0).shape[3]
    return kind_of(node) is Kind.S8 and whole and node.output.shape[3] >= FOUR and rescaling(node) is not None


def folded_bias(node: Node) -> Array:
    """int32 (channels): the bias with the input's zero point folded in, modulo 2^32."""
    assert isinstance(node.op, Window), node
    taps = tuple(axis for axis in range(4) if axis != node.op.channel_axis)
    sums = node.op.filter(node).sum(axis=taps, dtype=np.int64)
    return np.asarray(node.op.bias(node) - node.input(0).zero_point * sums).astype(np.int32)


def params(node: Node) -> Params:
    """The fields of `conv_s8_mve_params`."""
    op, rescale = node.op, rescaling(node)
    assert isinstance(op, Window) and rescale is not None, node
    geometry = _geometry(node)
    low, high = limits(node, op.activation)
    joined = geometry["dilation_w"] == 1
    run = geometry["filter_w"] if joined else 1
    left_out = ("filter_w", "pad_bottom", "pad_right")
    return {
        **{name: value for name, value in geometry.items() if name not in left_out},
        "in_zero": node.input(0).zero_point,
        "out_zero": node.output.zero_point,
        "low": low,
        "high": high,
        "runs": 1 if joined else geometry["filter_w"],
        "run": run,
        "whole": int(_whole(geometry)),
        "plain": int(_plain(node)),
        "depth": _depth(node),
        "weights": op.filter(node).reshape(-1),
        "bias": folded_bias(node),
        "multipliers": rescale[0],
        "shifts": rescale[1],
    }


def _geometry(node: Node) -> dict[str, int]:
    """As `Window.geometry`; what makes a pixel of each pixel is one row."""
    op = node.op
    assert isinstance(op, Window), node
    geometry = op.geometry(node)
    if _plain(node):
        pixels = node.output.elements // node.output.shape[3]
        geometry |= {"batches": 1, "in_h": 1, "in_w": pixels, "out_h": 1, "out_w": pixels}
    return geometry


def _plain(node: Node) -> bool:
    """Whether each pixel is a window of its own."""
    op = node.op
    assert isinstance(op, Window), node
    return node.input(1).shape[1:3] == (1, 1) and op.stride == (1, 1) and not any(op.pads)


def _whole(geometry: dict[str, int]) -> bool:
    """Whether a window inside the input is one run of bytes."""
    if geometry["filter_w"] > 1 and geometry["dilation_w"] > 1:
        return False
    full = geometry["filter_w"] == geometry["in_w"] and geometry["dilation_h"] == 1
    return geometry["filter_h"] == 1 or full


def _depth(node: Node) -> int:
    """Bytes of a window."""
    return node.input(1).elements // node.output.shape[3]


def scratch(node: Node) -> int:
    """Bytes of the sums of all channels, and of the windows that are copied together."""
    assert isinstance(node.op, Window), node
    sums = 4 * WINDOWS * -(-node.output.shape[3] // FOUR) * FOUR
    if _whole(_geometry(node)) and not any(node.op.pads):
        return sums
    return sums + WINDOWS * -(-_depth(node) // VECTOR) * VECTOR
