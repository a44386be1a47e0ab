"""Weights as `conv_s8_scalar.h` takes them, and when it can serve a node."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.common import limits
from motes.ops.conv.blocks import steps_of
from motes.ops.conv.channels import channels
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.step import Rescale
from motes.ops.conv.window import Window

TAPS = 4
"""Taps of a round of the inner loop of fours_scalar.h."""


@dataclass(frozen=True)
class Packed:
    """Weights and rescaling of a convolution; lengths in channels that are even, and taps that come in fours."""

    shift: int
    taps: int
    weights: Array  # int8 (channels / 2, taps, 2)
    rescale: Array  # int32 (channels, 3 or 4): 257 times the bias, multiplier, offset; a shift if that above is 0


@functools.lru_cache(maxsize=256)
def pack(node: Node) -> Packed | None:
    """None where the arithmetic does not hold, since sums are too large."""
    assert isinstance(node.op, Window), node
    each = channels(node.op, node)
    if each is None or not all(c.rescale.constant is not None or _short(c.rescale) for c in each):
        return None
    shift, steps = steps_of(each)
    pairs, taps = -(-len(each) // 2), -(-each[0].weights.size // TAPS) * TAPS
    weights, rescale = np.zeros((2 * pairs, taps), np.int64), np.zeros((2 * pairs, 1 + len(steps[0])), np.int64)
    for c, (channel, step) in enumerate(zip(each, steps, strict=True)):
        rescale[c, 1:] = step
        if channel.rescale.constant is None:
            weights[c, : channel.weights.size] = channel.weights
            rescale[c, 0] = 257 * channel.bias
    streamed = weights.reshape(pairs, 2, taps).swapaxes(1, 2).astype(np.int8)
    return Packed(shift, taps, streamed, rescale.astype(np.uint32).view(np.int32))


def _short(rescale: Rescale) -> bool:
    """Whether sums need 24 bits at most, and TFLM's own rounding serves them."""
    return max(-rescale.low, rescale.high) < 1 << 23 and rescale.roundable


def fits(node: Node) -> bool:
    """Whether every output channel sees all input channels, pixels of a row lie together, and the arithmetic holds."""
    op = node.op
    assert isinstance(op, Window), node
    x, w = node.input(0), node.input(1)
    whole = w.shape[3 - op.channel_axis] == x.shape[3]
    return kind_of(node) is Kind.S8 and whole and op.geometry(node)["dilation_w"] == 1 and pack(node) is not None


def params(node: Node) -> Params:
    """The fields of `conv_s8_scalar_params`."""
    op, packed = node.op, pack(node)
    assert isinstance(op, Window) and packed is not None, node
    geometry = op.geometry(node)
    low, high = limits(node, op.activation)
    left_out = ("filter_w", "dilation_w", "pad_bottom", "pad_right")
    return {
        **{name: value for name, value in geometry.items() if name not in left_out},
        "in_zero": node.input(0).zero_point,
        "low": low,
        "high": high,
        "shift": packed.shift,
        "run": run(node),
        "taps": packed.taps,
        "weights": packed.weights.reshape(-1),
        "rescale": packed.rescale.reshape(-1),
    }


def run(node: Node) -> int:
    """Bytes of a row of a window."""
    assert isinstance(node.op, Window), node
    return node.op.geometry(node)["filter_w"] * node.input(0).shape[3]


def scratch(node: Node) -> int:
    """Bytes of four expanded windows, of a row of padding and of one row of each window."""
    packed = pack(node)
    assert packed is not None, node
    return 12 * packed.taps + 5 * run(node)
