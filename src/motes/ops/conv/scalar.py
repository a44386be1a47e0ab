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
    """Weights and rescaling of a convolution, channel by channel."""

    shift: int
    weights: Array  # int64 (channels, taps)
    rescale: Array  # int32 (channels, 3 or 4): 257 times the bias, multiplier, offset; a shift if that above is 0

    @property
    def pairs(self) -> Array:
        """int8 (channels / 2, taps, 2): the weights of two channels beside each other, taps filled up with 0."""
        count, taps = self.weights.shape
        filled = np.pad(self.weights, ((0, count % 2), (0, -taps % TAPS)))
        return filled.reshape(-(-count // 2), 2, -1).swapaxes(1, 2).astype(np.int8)


@functools.lru_cache(maxsize=256)
def pack(node: Node) -> Packed | None:
    """None where the arithmetic does not hold, since sums are too large."""
    assert isinstance(node.op, Window), node
    each = channels(node.op, node)
    if each is None or not all(c.rescale.constant is not None or _short(c.rescale) for c in each):
        return None
    shift, biases, steps = steps_of(each)
    live = np.array([[c.rescale.constant is None] for c in each])
    weights = np.stack([c.weights for c in each]) * live
    rescale = np.hstack([257 * biases[:, np.newaxis], np.array(steps)]).astype(np.uint32).view(np.int32)
    return Packed(shift, weights, rescale)


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
        "taps": packed.pairs.shape[1],
        "weights": packed.pairs.reshape(-1).view("<i4"),
        "rescale": np.pad(packed.rescale, ((0, len(packed.rescale) % 2), (0, 0))).reshape(-1),
    }


def run(node: Node) -> int:
    """Bytes of a row of a window."""
    assert isinstance(node.op, Window), node
    return node.op.geometry(node)["filter_w"] * node.input(0).shape[3]


def scratch(node: Node) -> int:
    """Bytes of four expanded windows, of a row of padding and of one row of each window."""
    packed = pack(node)
    assert packed is not None, node
    return 12 * int(packed.pairs.shape[1]) + 5 * run(node)
