"""Weights as `conv_blocks_s8_dsp.h` streams them, and when it can serve a node."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.common import limits
from motes.ops.conv.channels import Channel, channels
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.runs import look
from motes.ops.conv.step import MOST_SHIFT, fit
from motes.ops.conv.window import Window

UNROLLED = 16
"""Steps in the unrolled loop of conv_blocks_s8_dsp.h."""


@dataclass(frozen=True)
class Blocks:
    """The stream of a node: `shift` is 0 where outputs are rounded as TFLM does it, without a proof."""

    steps: int
    shift: int
    full: int  # words of the blocks that have four channels
    stream: Array  # int32


@functools.lru_cache(maxsize=256)
def pack(node: Node) -> Blocks | None:
    """The stream of a convolution of one group.

    None where the arithmetic does not hold: sums are too large, or -128 comes above a negative weight.
    """
    op = node.op
    assert isinstance(op, Window), node
    each = channels(op, node)
    if each is None:
        return None
    for channel in each:
        low, high = channel.rescale.low, channel.rescale.high
        if not channel.rescale.roundable or (channel.rescale.constant is None and max(-low, high) >= 1 << 23):
            return None
    shift, rescales = _rescales(each)
    steps = look(node).pairs
    words: list[Array] = []
    full = 0
    for first in range(0, len(each), 4):
        block = each[first : first + 4]
        full += len(block) == 4
        weights = np.zeros((4, each[0].weights.size + 1), np.int64)  # the last column is what None stands for
        for c, channel in enumerate(block):
            if channel.rescale.constant is None:
                weights[c, :-1] = channel.weights
        halves = 256 * weights[0::2] + weights[1::2]
        if halves.min() < -(1 << 15):
            return None
        biases = [c.bias for c in block] + [0] * (4 - len(block))
        starts = [256 * biases[0] + biases[1], biases[1], 256 * biases[2] + biases[3], biases[3]]
        lower, upper = (
            halves[:, [-1 if index is None else index for index in (pair[i] for pair in steps)]] for i in range(2)
        )
        words += [np.array(starts), ((lower & 0xFFFF) | (upper & 0xFFFF) << 16).T.reshape(-1)]
        words += [np.array(rescales[first : first + 4]), np.zeros((4 - len(block)) * len(rescales[0]))]
    stream = np.concatenate([w.reshape(-1) for w in words]).astype(np.int64).astype(np.uint32).view(np.int32)
    size = len(stream) // -(-len(each) // 4)
    return Blocks(len(steps), shift, full * size, stream)


def _rescales(each: Sequence[Channel]) -> tuple[int, list[tuple[int, ...]]]:
    """(shift, words of each channel): a proven step function for all, or TFLM's own rounding for all."""
    live = [c.rescale.right for c in each if c.rescale.constant is None]
    shift = min(7 + min(live, default=1), MOST_SHIFT)
    steps = [fit(c.rescale, 8, shift) for c in each]
    if None not in steps:
        return shift, [s for s in steps if s is not None]
    return 0, [c.rescale.rounded for c in each]


def fits(node: Node) -> bool:
    """Whether every output channel sees all input channels, and the arithmetic holds."""
    assert isinstance(node.op, Window), node
    depth = node.input(1).shape[3 - node.op.channel_axis]
    return kind_of(node) is Kind.S8 and depth == node.input(0).shape[3] and pack(node) is not None


def in_place(node: Node) -> tuple[tuple[int, int], ...]:
    """A pixel's outputs may overwrite its inputs where no other window needs them."""
    assert isinstance(node.op, Window), node
    x, w, y = node.input(0), node.input(1), node.output
    alone = w.shape[1:3] == (1, 1) and not any(node.op.pads) and x.shape[:3] == y.shape[:3] and y.shape[3] <= x.shape[3]
    return ((0, 0),) if alone else ()


def params(node: Node) -> Params:
    """The fields of `conv_s8_dsp_params`."""
    op, view, blocks = node.op, look(node), pack(node)
    assert isinstance(op, Window) and blocks is not None, node
    low, high = limits(node, op.activation)
    return {
        **view.params,
        "in_zero": node.input(0).zero_point,
        "low": low,
        "high": high,
        "steps": blocks.steps,
        "skipped": -blocks.steps % UNROLLED,
        "shift": blocks.shift,
        "full": blocks.full,
        "rest": node.output.shape[3] % 4,
        "words": blocks.stream.size,
        "stream": blocks.stream,
    }


def scratch(node: Node) -> int:
    """Bytes for two expanded windows, and for what is copied together: an image with its padding, or one window."""
    view = look(node)
    return 8 * len(view.pairs) + view.copied
