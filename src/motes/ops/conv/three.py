"""3x3 convolution as `conv_3x3_s8_dsp.h` does it: weights as it streams them, and when it can serve a node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.common import limits
from motes.ops.conv.blocks import biases_of, provable, stream
from motes.ops.conv.channels import Channel
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.step import fit, fit_signed
from motes.ops.conv.window import Window, but_for_rows

FACTOR, SHIFT = 256, 12
"""Of sums, and of scaled ones."""

SMALL = {"batches": 16, "in_ch": 16, "out_ch": 16, "stride_h": 8, "pad_top": 8}
"""Fields of `conv_3x3_s8_dsp_params` that have fewer than 32 bits; others of them are small in any case."""

ORDERS = {1: (0, 1, 2), 2: (0, 2, 1)}
"""By stride, in which order the columns of the filter come."""

WORDS = {1: 5, 2: 7}
"""By stride, what two channels of a row of four windows expand to."""


@dataclass(frozen=True)
class Stream:
    """What the kernel reads; `falls` where it takes a number off negative sums."""

    falls: bool
    words: Array  # int32


@but_for_rows
def pack(node: Node) -> Stream | None:
    """The stream of a convolution of one group; None where a sum is too large or a channel has no proven step
    function."""
    assert isinstance(node.op, Window), node
    each = provable(node)
    rescales = None if each is None else _rescales(each)
    if each is None or rescales is None:
        return None
    channels, columns = node.input(0).shape[3], ORDERS[node.op.stride[1]]
    pairs = [
        ((3 * row + column) * channels + four + i, (3 * row + column) * channels + four + i + 2)
        for four in range(0, channels, 4)
        for row in range(3)
        for i in (0, 1)
        for column in columns
    ]
    ends = np.array(rescales, np.int64).reshape(len(each) // 2, -1)
    return Stream(len(rescales[0]) == 3, stream(each, pairs, biases_of(each), ends))


def _rescales(each: Sequence[Channel]) -> list[tuple[int, ...]] | None:
    """The words of each channel's step function, two for all or three for all; None where one has none."""
    for steps in ([fit(c.rescale, FACTOR, SHIFT) for c in each], [fit_signed(c.rescale, FACTOR, SHIFT) for c in each]):
        if None not in steps:
            return [s for s in steps if s is not None]
    return None


def fits(node: Node) -> bool:
    """Whether it has the shape that the kernel is made for, and the arithmetic holds."""
    op, x, w, y = node.op, node.input(0), node.input(1), node.output
    assert isinstance(op, Window), node
    if kind_of(node) is not Kind.S8 or w.shape[1:] != (3, 3, x.shape[3]) or op.dilation != (1, 1):
        return False
    stride, left = op.stride[1], op.pads[2]
    return (
        stride in ORDERS
        and x.shape[3] % 4 == y.shape[3] % 2 == 0
        and y.shape[2] >= 4
        and left <= 1
        and (y.shape[2] - 1) * stride + 2 - left <= x.shape[2]
        and limits(node, op.activation) == (-128, 127)
        and all(op.geometry(node)[name] < 1 << bits - 1 for name, bits in SMALL.items())
        and pack(node) is not None
    )


def params(node: Node) -> Params:
    """The fields of `conv_3x3_s8_dsp_params`."""
    op, packed = node.op, pack(node)
    assert isinstance(op, Window) and packed is not None, node
    geometry = op.geometry(node)
    kept = ("batches", "in_h", "in_w", "in_ch", "out_h", "out_w", "out_ch", "stride_h", "pad_top", "pad_left")
    return {
        **{name: geometry[name] for name in kept},
        "in_zero": node.input(0).zero_point,
        "falls": int(packed.falls),
        "stream": packed.words,
    }


def scratch(node: Node) -> int:
    """Bytes of expanded windows, and of a row of zero points."""
    stride = constants(node)[0]
    return (6 * WORDS[stride] + 3 * (stride + 1)) * node.input(0).shape[3]


def constants(node: Node) -> tuple[int, ...]:
    """The argument of `conv_3x3_s8_dsp_COPY`."""
    assert isinstance(node.op, Window), node
    return (node.op.stride[1],)
