"""Parameters of `depthwise_planes_s8_dsp.h`, which two kernels share, and when they can serve a node."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.common import limits
from motes.ops.conv.channels import Channel, channels
from motes.ops.conv.compact import compact
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.step import fit
from motes.ops.conv.window import Window, but_for_rows

SHIFT = 16
"""Of outputs that are proven step functions: the assembly has it as an immediate."""

NOT = -1
"""`coarse` where a channel does not fit six bytes."""

SCRATCH, SHARE = 4096, 6
"""Bytes of planes wanted at most: so many, or this part of the larger tensor; one band of rows may take more."""

WIDTH = 2047
"""Columns of a plane: bytes of a pair of rows have 15 bits."""

WIDEST = 220
"""The same where code knows the width: the immediates of loads reach over two pairs of rows."""

NARROW, MANY = 8, 4000
"""Code that knows the width takes 1.1 KB: it pays by itself where rows are short, and a quarter is saved of much."""

UNROLLED, TOGETHER = 3, 6
"""Most blocks of an output row, and most columns that are spread, without a loop, where the code knows the width."""


@dataclass(frozen=True)
class Taps:
    """What the kernels multiply by, and how they rescale."""

    factor: int  # of proven channels, taps are weights * factor
    exact: int  # 0: all are proven; 1: none; 2: some
    weights: Array  # int8, (channels, columns, rows)
    rescale: Array  # int32, (channels, 2 or 4), or uint16, (channels, 3)
    coarse: int = NOT  # of uint16

    @property
    def stream(self) -> Array:
        """int8: of each channel its weights, then how it is rescaled."""
        parts = [np.ascontiguousarray(a).reshape(len(self.weights), -1) for a in (self.weights, self.rescale)]
        return np.hstack([part.view(np.int8) for part in parts]).reshape(-1)


@but_for_rows
def pack(node: Node) -> Taps | None:
    """The taps, or None where a channel has neither a proven step function nor room for TFLM's own rounding."""
    assert isinstance(node.op, Window), node
    each = channels(node.op, node)
    if each is None:
        return None
    # Taps are scaled by as much as the largest sum of values scaled by 256, and halfwords, leave room for.
    largest = max(1, *(128 * int(np.abs(c.weights).sum()) for c in each))
    most = min(((1 << 31) - 1) // (256 * largest), 256)
    if most == 0:
        return None
    factor = 1 << most.bit_length() - 1
    steps = _steps(each, factor)
    if None in steps:  # a multiplier may be too large
        finer = _steps(each, most)
        if finer.count(None) < steps.count(None):
            factor, steps = most, finer
    rows = [_own(c) if s is None else (*s, 0, 0) for c, s in zip(each, steps, strict=True)]
    if None in rows:
        return None
    exact = 0 if None not in steps else 1 if not any(steps) else 2
    weights = np.stack([c.weights.reshape(3, 3).T for c in each]).astype(np.int8)
    small = compact(each, factor, SHIFT) if exact == 0 else None
    if small is not None:
        return Taps(factor, exact, weights, small.words, small.coarse)
    rescale = np.array(rows, np.int64).astype(np.int32)
    return Taps(factor, exact, weights, rescale if exact else rescale[:, :2])


def _steps(each: Sequence[Channel], factor: int) -> list[tuple[int, int] | None]:
    """The step functions for taps times `factor`."""
    return [fit(c.rescale, 256 * factor, SHIFT, c.bias) for c in each]


def _own(channel: Channel) -> tuple[int, int, int, int] | None:
    """Twice the bias, multiplier, offset, right: TFLM's own rounding."""
    if not channel.rescale.roundable:
        return None
    return 2 * channel.bias if channel.rescale.constant is None else 0, *channel.rescale.rounded


def fits(node: Node) -> bool:
    """Whether it is 3x3 at one stride of 1 or 2, depth 1, channels in fours, and every channel is proven."""
    return _shaped(node) and (taps := pack(node)) is not None and taps.exact == 0


def fits_fixed(node: Node) -> bool:
    """The same with channels that are not proven, where immediates reach and a copy of the code is worth its size."""
    _, _, across, count = node.input(0).shape
    if not _shaped(node) or wide(node) > WIDEST or 4 * across * count >= 1 << 16:
        return False
    _, height, width, _ = node.output.shape
    worth = width <= NARROW and height * width * count >= MANY
    return (taps := pack(node)) is not None and (taps.exact > 0 or worth)


def _shaped(node: Node) -> bool:
    op, x, w, y = node.op, node.input(0), node.input(1), node.output
    assert isinstance(op, Window), node
    return (
        kind_of(node) is Kind.S8
        and w.shape[1:3] == (3, 3)
        and op.stride in ((1, 1), (2, 2))
        and op.dilation == (1, 1)
        and max(op.pads) <= 2
        and wide(node) <= WIDTH
        and x.shape[3] == y.shape[3]
        and x.shape[3] % 4 == 0
        and limits(node, op.activation) == (-128, 127)
    )


def in_place(node: Node) -> tuple[tuple[int, int], ...]:
    """Rows of outputs follow the rows they need, as long as they are no wider."""
    return ((0, 0),) if node.output.shape[2] <= node.input(0).shape[2] else ()


def rows_at_once(node: Node) -> int:
    """Two where windows that follow share rows."""
    assert isinstance(node.op, Window), node
    return 2 if node.op.stride[0] == 1 else 1


def call_cycles(node: Node) -> float:
    """Rows of the input that were spread for the call before, once more."""
    assert isinstance(node.op, Window), node
    return 16.0 * node.op.stride[0] * math.prod(node.output.shape[2:])


def params(node: Node) -> Params:
    """The fields of `depthwise_planes_params`."""
    op, taps = node.op, pack(node)
    assert isinstance(op, Window) and taps is not None, node
    geometry = op.geometry(node)
    kept = ("batches", "in_h", "in_w", "out_h", "out_w", "pad_top", "pad_left")
    return {
        **{name: geometry[name] for name in kept},
        **_rows(node),
        "in_zero": node.input(0).zero_point << 8 & 0xFFFF,
        "out_zero": node.output.zero_point,
        "wide": wide(node),
        "band": _band(node),
        "factor": taps.factor,
        "coarse": taps.coarse,
        "stream": taps.stream,
    }


def constants(node: Node) -> tuple[int, ...]:
    """The arguments of `depthwise_fixed_s8_dsp_COPY`."""
    op, taps = node.op, pack(node)
    assert isinstance(op, Window) and taps is not None, node
    _, _, across, count = node.input(0).shape
    _, height, width, _ = node.output.shape
    odd = height % 2 if op.stride[0] == 1 else 0
    columns = _columns(node)
    unrolled, together = _loop(width // 2, UNROLLED), _loop(columns, TOGETHER)
    while (together - 1) * count > 4095:
        together -= 1
    return op.stride[0], across, count, wide(node), columns, width, odd, unrolled, together, taps.exact


def scratch(node: Node) -> int:
    """Bytes of the planes of four channels."""
    return (_band(node) + 1) * wide(node) * 16


def _rows(node: Node) -> dict[str, int]:
    """What depthwise_rows_s8_dsp.h reads."""
    assert isinstance(node.op, Window), node
    (_, _, across, count), (_, _, width, _) = node.input(0).shape, node.output.shape
    pitch, columns = 16 * wide(node), _columns(node)
    paired = width // 2 * 2 * node.op.stride[0]
    passed = paired + width % 2  # columns behind which a row ends
    return {
        "in_ch": count,
        "row": width * count,
        "pitch": pitch,
        "paired": 16 * paired,
        "odd": width % 2,
        "rest": pitch - 16 * passed,
        "columns": columns,
        "skipped": (2 * across - columns) * count,
        "stride": node.op.stride[0],
    }


def _loop(count: int, most: int) -> int:
    """How many of `count` go into one round of a loop: all, or such a part that few are left over."""
    return max(1, count) if count <= most else min((3, 4, 2), key=lambda n: count % n)


def wide(node: Node) -> int:
    """Columns of a plane."""
    assert isinstance(node.op, Window), node
    return (node.output.shape[2] - 1) * node.op.stride[0] + 3


def _columns(node: Node) -> int:
    """Columns of a plane that come from the input."""
    assert isinstance(node.op, Window), node
    return min(node.input(0).shape[2], wide(node) - node.op.pads[2])


def _band(node: Node) -> int:
    """Pairs of rows that are spread at a time."""
    assert isinstance(node.op, Window), node
    height = node.output.shape[1]
    most = (height + 1) // 2 if node.op.stride[0] == 1 else height
    wanted = max(SCRATCH, max(node.input(0).nbytes, node.output.nbytes) // (SHARE * node.output.shape[0]))
    return max(1, min(most, wanted // (wide(node) * 16) - 1))
