"""Parameters of `pointwise_depthwise_s8_dsp.h`: a convolution of one pixel, and the depthwise one behind it.

What a channel of the first needs beside its weights takes six bytes: of its proven step function (`step.py`) the offset
follows from the multiplier, since it is half of what TFLM rounds to first; and the sum of its weights is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motes.ir import Array, Node, Params, Tensor
from motes.ops.conv import planes, points
from motes.ops.conv.channels import Channel, channels
from motes.ops.conv.step import fit_following, ideal
from motes.ops.conv.window import Window, but_for_rows

DEPTH = 32
"""Values of a pixel, at most: the weights of two output channels fill the float registers."""

SHIFT = 12
"""Of outputs that are proven step functions: the assembly has it as an immediate."""

MULTIPLIER, BIAS = 29, 19
"""Bits of each number; the bias is signed."""


@dataclass(frozen=True)
class Packed:
    """`coarse`: how many lower bits multipliers lack; `stream`: int8, for each two channels (multiplier, upper bits of
    the bias) of both, the lower halves of both biases, and the weights."""

    coarse: int
    stream: Array


@but_for_rows
def pack(node: Node) -> Packed | None:
    """The convolution of one pixel; None where a bias is too large, or a channel is not proven.

    With such a bias, and `DEPTH` weights, sums have the 24 bits that are needed to tell four pixels apart.
    """
    assert isinstance(node.op, Window), node
    each = channels(node.op, node)
    if each is None:
        return None
    bits = max((ideal(c.rescale, 256, SHIFT).bit_length() for c in each if c.rescale.constant is None), default=0)
    if bits > 31:
        return None
    coarse = max(0, bits - MULTIPLIER)
    found = [_step(c, coarse) for c in each]
    numbers = [n for n in found if n is not None and -(1 << BIAS - 1) <= n[1] < 1 << BIAS - 1]
    if len(numbers) < len(each):
        return None
    multipliers, biases = np.array(numbers, np.int64).reshape(-1, 2, 2).transpose(2, 0, 1)
    words = np.stack([multipliers << 3 | biases >> 16 & 7, biases & 0xFFFF], axis=1)
    heads = np.stack([words[:, 0, 0], words[:, 0, 1], words[:, 1, 0] | words[:, 1, 1] << 16], axis=1)
    bytes_ = (heads.astype(np.uint32).view(np.int8).reshape(len(heads), -1), _weights(each))
    return Packed(coarse, np.hstack(bytes_).reshape(-1))


def _step(channel: Channel, coarse: int) -> tuple[int, int] | None:
    """(multiplier without its lower bits, bias) of which follows what TFLM computes; None: it does not."""
    rescale = channel.rescale
    if rescale.constant is not None:
        return 1 << MULTIPLIER - 1, rescale.constant - rescale.zero_point << 8 - coarse  # a bias of 2**8 makes 1 of it
    upper = fit_following(rescale, SHIFT, coarse, MULTIPLIER)
    return None if upper is None else (upper, channel.bias)


def _weights(each: Sequence[Channel]) -> Array:
    """int8, (pairs of channels, bytes): for two values of a pixel, those of both channels side by side."""
    live = [c.weights * (c.rescale.constant is None) for c in each]
    fours = np.array(live, np.int8).reshape(len(each) // 2, 2, -1, 2, 2)  # pair, channel, four, half, odd
    return fours.transpose(0, 2, 4, 3, 1).reshape(len(each) // 2, -1)


def fits(first: Node, second: Node) -> bool:
    """Whether `points` and `planes` serve them, every channel is proven, and all rows are whole fours of pixels."""
    op = second.op
    assert isinstance(op, Window), second
    (count, _, width, depth), (_, _, across, _) = first.input(0).shape, second.output.shape
    return (
        points.fits(first)
        and planes.fits(second)
        and count == 1
        and width % 4 == 0
        and width + op.pads[2] <= (across - 1) * op.stride[1] + 3
        and depth % 4 == 0
        and depth <= DEPTH
        and pack(first) is not None
    )


def params(first: Node, second: Node) -> Params:
    """The fields of `depthwise_planes_params`, with both streams one behind the other."""
    fields, packed = planes.params(second), pack(first)
    stream = fields["stream"]
    assert packed is not None and isinstance(stream, np.ndarray), first
    head = np.array([~packed.coarse if upwards(first, second) else packed.coarse], np.int32).view(np.int8)
    return {**fields, "stream": np.concatenate((stream, np.zeros(-stream.size % 4, np.int8), head, packed.stream))}


def constants(first: Node) -> tuple[int, ...]:
    """The arguments of `pointwise_depthwise_s8_dsp_COPY`."""
    depth = first.input(0).shape[3]
    return depth // 2, depth - 1


def scratch(first: Node, second: Node) -> int:
    """Bytes of two pairs of planes of all channels, taps, weights, and two expanded rows."""
    (_, _, width, depth), (_, _, _, count) = first.input(0).shape, second.output.shape
    return count // 2 * (16 * planes.wide(second) + 80 + 4 * (depth + 6)) + 3 * depth * width


def ahead(first: Node, second: Node) -> tuple[tuple[Tensor, Tensor, int], ...]:
    """As `Kernel.ahead`: every row is read before outputs lie over it."""
    op, x, y = second.op, first.input(0), second.output
    assert isinstance(op, Window), second
    row_x, row_y = (t.nbytes // t.shape[1] for t in (x, y))
    found = [0]
    for begin in range(0, y.shape[1], 2 // op.stride[0]):
        upper = begin * op.stride[0] - op.pads[0]  # the first of the four rows that outputs from `begin` on are made of
        if upwards(first, second):
            found.append(upper * row_x - begin * row_y)
        elif upper + 4 < x.shape[1]:
            found.append(min(begin + 2 // op.stride[0], y.shape[1]) * row_y - max(upper + 4, 0) * row_x)
    return ((x, y, max(found)) if upwards(first, second) else (y, x, max(found)),)


def upwards(first: Node, second: Node) -> bool:
    """Whether the last rows are made first: where there are more bytes to write than to read, they overtake none."""
    return second.output.nbytes > first.input(0).nbytes
