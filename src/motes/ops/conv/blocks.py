"""Weights as `conv_fours_s8_dsp.h` streams them, and when it can serve a node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.common import limits
from motes.ops.conv.channels import Channel, channels
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.runs import look
from motes.ops.conv.step import MOST_SHIFT, fit_moved
from motes.ops.conv.window import Window, but_for_rows

UNROLLED = 16
"""Steps in the unrolled loop of conv_fours_s8_dsp.h."""

WIDE = frozenset(("in_h", "in_w", "out_h", "out_w", "down", "offset"))
"""Fields of `conv_s8_dsp_params` with 32 bits."""

HALF = frozenset(
    ("batches", "in_ch", "out_ch", "raw_h", "raw_w", "reach_w", "run", "across", "copied_down", "steps"),
)
"""Those with 16 bits; the others have 8."""

USUAL_SHIFT = 12
"""The shift that costs nothing there."""

SAME, MOST_SAME = 1 << 30, 21
"""The multiplier of a channel that is always the same; the largest shift with which that times a bias below 2**23 can
give any output."""

GATHERED_ROW, GATHERED_BYTE = 150, 1.2
"""About the cycles of a row that `conv_gather_s8_dsp.h` copies: of itself, and of each byte."""

Pair = tuple[int | None, int | None]
"""Indices into the weights of a channel, of the low halfword and the high one; None: nothing is there."""


@dataclass(frozen=True)
class Blocks:
    """The stream of a node: `shift` is 0 where outputs are rounded as TFLM does it, without a proof."""

    steps: int
    shift: int
    offset: int  # what all offsets begin with
    stream: Array  # int32


@but_for_rows
def pack(node: Node) -> Blocks | None:
    """The stream of a convolution of one group; None where the arithmetic does not hold, since sums are too large."""
    each = provable(node)
    if each is None:
        return None
    shift, offset, starts, ends = _ends(each)
    steps = _steps(node)
    return Blocks(len(steps), shift, offset, stream(each, steps, starts, ends))


def provable(node: Node) -> tuple[Channel, ...] | None:
    """The output channels; None where sums are too large for three of them to tell four pixels apart."""
    assert isinstance(node.op, Window), node
    each = channels(node.op, node)
    for rescale in (channel.rescale for channel in each or ()):
        if not rescale.roundable or (rescale.constant is None and max(-rescale.low, rescale.high) >= 1 << 23):
            return None
    return each


def biases_of(each: Sequence[Channel]) -> Array:
    """What the channels' sums begin with; of those that are always the same, nothing."""
    return np.array([c.bias if c.rescale.constant is None else 0 for c in each], np.int64)


def stream(each: Sequence[Channel], steps: Sequence[Pair], starts: Array, ends: Array) -> Array:
    """For each two output channels the words where sums begin, a word a step, and the words of `ends`; int32."""
    blocks = -(-len(each) // 2)
    weights = np.zeros((2 * blocks, each[0].weights.size + 1), np.int64)  # the last column is what None stands for
    for c, channel in enumerate(each):
        if channel.rescale.constant is None:
            weights[c, :-1] = channel.weights
    low, high = (
        weights[:, [-1 if index is None else index for index in (pair[i] for pair in steps)]] & 0xFF for i in range(2)
    )
    words = low[0::2] | low[1::2] << 8 | high[0::2] << 16 | high[1::2] << 24
    firsts = np.pad(257 * starts, (0, 2 * blocks - len(each))) - 128 * weights.sum(axis=1)
    found = np.hstack([firsts.reshape(blocks, 2), words, ends])
    return (found & 0xFFFFFFFF).astype(np.uint32).view(np.int32).reshape(-1)


def _ends(each: Sequence[Channel]) -> tuple[int, int, Array, Array]:
    """(shift, offset, biases, words behind the weights of each block)."""
    found = proven(each)
    if found is None:
        own = np.array([c.rescale.rounded for c in each], np.int64)
        return 0, 0, biases_of(each), np.pad(own, ((0, len(each) % 2), (0, 0))).reshape(-1, 6)
    shift, biases, steps = found
    base = int(steps[:, 1].min())
    pairs = np.pad(steps - np.array([0, base]), ((0, len(each) % 2), (0, 0)))
    halves = pairs[0::2, 1] | (pairs[1::2, 1] - pairs[0::2, 1]) << 16
    return shift, base, biases, np.stack([pairs[0::2, 0], pairs[1::2, 0], halves], axis=1)


def proven(each: Sequence[Channel]) -> tuple[int, Array, Array] | None:
    """(shift, biases, multiplier and offset of each channel): step functions of all; None where there are none, or
    offsets lie apart by more than halfwords say."""
    shift, biases, rescales = steps_of(each)
    if shift == 0:
        return None
    zero = each[0].rescale.zero_point
    same = np.array([c.rescale.constant is not None for c in each])
    above = np.array([zero if c.rescale.constant is None else c.rescale.constant for c in each], np.int64) - zero
    steps = np.array(rescales, np.int64)
    # A channel that is always the same is so because of its bias: its offset is like the others'.
    steps[same] = SAME, (zero << shift) + (1 << shift - 1)
    if np.ptp(steps[:, 1]) >= 1 << 15 or (shift > MOST_SAME and above.any()):
        return None
    return shift, biases + (above << shift - 6), steps


def _steps(node: Node) -> tuple[Pair, ...]:
    """The pairs of the windows, two at least."""
    pairs = look(node).pairs
    return pairs if len(pairs) > 1 else (*pairs, (None, None))


def steps_of(each: Sequence[Channel]) -> tuple[int, Array, list[tuple[int, ...]]]:
    """(shift, biases, words of each channel): a proven step function for all of sums that begin with these biases, or
    TFLM's own rounding for all. Of channels that are always the same, biases are 0."""
    live = [c.rescale.right for c in each if c.rescale.constant is None]
    finest = min(7 + min(live, default=USUAL_SHIFT), MOST_SHIFT)
    biases = biases_of(each)
    for shift in (USUAL_SHIFT, finest):
        if USUAL_SHIFT <= shift <= finest:
            steps = [fit_moved(c.rescale, 256, shift) for c in each]
            if None not in steps:
                moved, *words = zip(*(s for s in steps if s is not None), strict=True)
                return shift, biases - moved, list(zip(*words, strict=True))
    return 0, biases, [c.rescale.rounded for c in each]


def fits(node: Node) -> bool:
    """Whether every output channel sees all input channels, the numbers are small, and the arithmetic holds."""
    assert isinstance(node.op, Window), node
    depth = node.input(1).shape[3 - node.op.channel_axis]
    if kind_of(node) is not Kind.S8 or depth != node.input(0).shape[3] or pack(node) is None:
        return False
    bits = {name: 32 if name in WIDE else 16 if name in HALF else 8 for name in scalars(node)}
    return all(-(1 << bits[name] - 1) <= value < 1 << bits[name] - 1 for name, value in scalars(node).items())


def in_place(node: Node) -> tuple[tuple[int, int], ...]:
    """A pixel's outputs may overwrite its inputs where no other window needs them."""
    assert isinstance(node.op, Window), node
    x, w, y = node.input(0), node.input(1), node.output
    alone = w.shape[1:3] == (1, 1) and not any(node.op.pads) and x.shape[:3] == y.shape[:3] and y.shape[3] <= x.shape[3]
    return ((0, 0),) if alone else ()


def rows_at_once(node: Node) -> int:
    """Four pixels are computed together."""
    return -(-4 // node.output.shape[2])


def call_cycles(node: Node) -> float:
    """What is copied together: an image, or windows at edges, row by row."""
    view = look(node)
    rows, each = (view.in_h, view.in_w * view.in_ch) if view.raw_h else (view.gathered, view.copied_down)
    return rows * (GATHERED_ROW + GATHERED_BYTE * each)


def params(node: Node) -> Params:
    """The fields of `conv_s8_dsp_params`."""
    blocks = pack(node)
    assert blocks is not None, node
    return {**scalars(node), "stream": blocks.stream}


def scalars(node: Node) -> dict[str, int]:
    """Those that are numbers."""
    op, view, blocks = node.op, look(node), pack(node)
    assert isinstance(op, Window) and blocks is not None, node
    low, high = limits(node, op.activation)
    return {
        **view.params,
        "in_zero": node.input(0).zero_point,
        "low": low,
        "high": high,
        "steps": blocks.steps,
        "skipped": (1 - blocks.steps) % UNROLLED,
        "shift": blocks.shift,
        "offset": blocks.offset,
    }


def scratch(node: Node) -> int:
    """Bytes for four expanded windows, and for what is copied together: an image with its padding, or a row of each."""
    view = look(node)
    return 12 * len(_steps(node)) + view.copied
