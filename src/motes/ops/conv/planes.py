"""Taps as `depthwise_conv_3x3_s8_dsp.h` takes them, and when it can serve a node."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.common import limits
from motes.ops.conv.channels import channels
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.step import fit
from motes.ops.conv.window import Window

SHIFT = 16
"""Of every output: depthwise_rows_s8_dsp.h has it as a constant."""

SCRATCH = 2048
"""Bytes of planes wanted at most; one band of rows may take more."""


@dataclass(frozen=True)
class Taps:
    """What the kernel multiplies by, and how it rescales."""

    scale: int  # taps are weights * 2**scale
    weights: Array  # int8, (channels, columns, rows)
    rescale: Array  # int32, (channels, 2): multiplier, offset


@functools.lru_cache(maxsize=256)
def pack(node: Node) -> Taps | None:
    """The taps, or None where a channel has no proven step function."""
    assert isinstance(node.op, Window), node
    each = channels(node.op, node)
    if each is None:
        return None
    # Taps are scaled by as much as the largest sum of values scaled by 256 leaves room for.
    largest = max(int(np.abs(c.weights).sum()) for c in each) * 128
    scale = next((a for a in range(8, -1, -1) if largest << 8 + a < 1 << 31), None)
    if scale is None:
        return None
    steps = [fit(c.rescale, 8 + scale, SHIFT, c.bias) for c in each]
    if None in steps:
        return None
    weights = np.stack([c.weights.reshape(3, 3).T for c in each])
    return Taps(scale, weights.astype(np.int8), np.array(steps, np.int64).astype(np.int32))


def fits(node: Node) -> bool:
    """Whether it is 3x3 at one stride of 1 or 2, depth 1, channels in fours, and the arithmetic holds."""
    op, x, w, y = node.op, node.input(0), node.input(1), node.output
    assert isinstance(op, Window), node
    return (
        kind_of(node) is Kind.S8
        and w.shape[1:3] == (3, 3)
        and op.stride in ((1, 1), (2, 2))
        and op.dilation == (1, 1)
        and max(op.pads) <= 2
        and x.shape[3] == y.shape[3]
        and x.shape[3] % 4 == 0
        and limits(node, op.activation) == (-128, 127)
        and pack(node) is not None
    )


def in_place(node: Node) -> tuple[tuple[int, int], ...]:
    """Rows of outputs follow the rows they need, as long as they are no wider."""
    return ((0, 0),) if node.output.shape[2] <= node.input(0).shape[2] else ()


def params(node: Node) -> Params:
    """The fields of `depthwise_conv_3x3_s8_dsp_params`."""
    op, taps = node.op, pack(node)
    assert isinstance(op, Window) and taps is not None, node
    geometry = op.geometry(node)
    kept = ("batches", "in_h", "in_w", "in_ch", "out_h", "out_w", "pad_top", "pad_left")
    wide, band = _extent(node)
    return {
        **{name: geometry[name] for name in kept},
        "stride": op.stride[0],
        "in_zero": node.input(0).zero_point,
        "wide": wide,
        "band": band,
        "scale": taps.scale,
        "weights": taps.weights.reshape(-1),
        "rescale": taps.rescale.reshape(-1),
    }


def scratch(node: Node) -> int:
    """Bytes of the planes of four channels."""
    wide, band = _extent(node)
    return (band + 1) * wide * 16


def _extent(node: Node) -> tuple[int, int]:
    """(columns of a plane, pairs of rows that are spread at a time)."""
    assert isinstance(node.op, Window), node
    stride, (_, height, width, _) = node.op.stride[0], node.output.shape
    wide = (width - 1) * stride + 3
    most = (height + 1) // 2 if stride == 1 else height
    return wide, max(1, min(most, SCRATCH // (wide * 16) - 1))
