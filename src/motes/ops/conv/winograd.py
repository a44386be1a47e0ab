"""Weights as `conv_winograd_s8_dsp.h` takes them, and when it can serve a node."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.common import limits
from motes.ops.conv.channels import Channel, channels
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.step import fit_signed
from motes.ops.conv.window import Window

MOST_FLASH, MOST_RAM = 20_480, 32_000
"""Bytes of transformed weights, and of input, output and scratch, that are worth their time where nobody says how many
there are."""

SHIFT = 15
"""Of every output: winograd_4x4_s8_dsp.h has it as a constant."""

FACTOR = 576
"""Sums come multiplied by it."""

MIDDLE, RAISED = 128, 12_800
"""What is added to every value, and to some: see winograd_4x4_s8_dsp.h."""

POINTS = np.array([[1, 0, 0], [1, 1, 1], [1, -1, 1], [1, 2, 4], [1, -2, 4], [0, 0, 1]], np.int64)
"""The transform of three weights: the polynomial that they make, at 0, 1, -1, 2, -2 and infinity."""


@dataclass(frozen=True)
class Transformed:
    """What the kernel multiplies by, and how it rescales."""

    weights: Array  # int32, (channels / 4, 36, depth / 2, 4): pairs of int16
    scales: Array  # int32, (channels, 8)


@functools.lru_cache(maxsize=256)
def pack(node: Node) -> Transformed | None:
    """Weights and scales, or None where a sum is too large or a channel has no proven step function."""
    assert isinstance(node.op, Window), node
    each = channels(node.op, node)
    if each is None:
        return None
    scales = [_scales(channel, node.input(0).shape[3]) for channel in each]
    if None in scales:
        return None
    filters = np.stack([c.weights.reshape(3, 3, -1) for c in each])
    return Transformed(_weights(filters), np.array(scales, np.int64).astype(np.uint32).view(np.int32))


def _weights(filters: Array) -> Array:
    """The transformed filters (out_ch, 3, 3, in_ch), in the order of winograd_products_s8_dsp.h."""
    outputs, inputs = filters.shape[0], filters.shape[3]
    whole = np.zeros((outputs, 36, depth(inputs)), np.int64)
    whole[:, :, :inputs] = np.einsum("ia,oabc,jb->oijc", POINTS, filters, POINTS).reshape(outputs, 36, inputs)
    fours = whole.reshape(outputs // 4, 4, 36, -1, 4).transpose(
        0, 2, 3, 4, 1
    )  # blocks, positions, words, bytes, outputs
    pairs = (fours[..., :2, :] & 0xFFFF) | (fours[..., 2:, :] & 0xFFFF) << 16
    return pairs.astype(np.uint32).view(np.int32)


def _scales(channel: Channel, inputs: int) -> tuple[int, ...] | None:
    """The eight words of a channel."""
    rescale = channel.rescale
    if max(-rescale.low, rescale.high) * FACTOR >= 1 << 31:
        return None
    step = fit_signed(rescale, FACTOR, SHIFT)
    if step is None:
        return None
    weights = channel.weights.reshape(3, 3, inputs // 4, 4)
    bias = channel.bias - MIDDLE * int(weights.sum())
    # Of each four channels, the first two are the lower halves of pairs; their last two rows and columns are raised.
    lower = RAISED * weights[..., :2].sum(axis=(2, 3))
    corners = (bias - int(lower[i:, j:].sum()) for i in (2, 1) for j in (2, 1))
    return (FACTOR * bias, *step, *(FACTOR * corner for corner in corners))


def depth(inputs: int) -> int:
    """Input channels in sixteens, which the unrolled loop takes at a time."""
    return -(-inputs // 16) * 16


def pays(node: Node) -> bool:
    """Whether it saves half of the products, for few bytes."""
    (_, _, _, inputs), (_, height, width, outputs) = node.input(0).shape, node.output.shape
    tiles = -(-height // 4) * -(-width // 4)
    return (
        8 * tiles * depth(inputs) <= height * width * inputs
        and 72 * depth(inputs) * outputs <= MOST_FLASH
        and node.input(0).nbytes + node.output.nbytes + scratch(node) <= MOST_RAM
    )


def fits(node: Node) -> bool:
    """Whether it serves the node, and pays."""
    return serves(node) and pays(node)


def serves(node: Node) -> bool:
    """Whether it is 3x3 at stride 1, channels in fours, and the arithmetic holds."""
    op, x, w, y = node.op, node.input(0), node.input(1), node.output
    assert isinstance(op, Window), node
    return (
        kind_of(node) is Kind.S8
        and w.shape[1:] == (3, 3, x.shape[3])
        and op.stride == op.dilation == (1, 1)
        and x.shape[3] % 4 == y.shape[3] % 4 == 0
        and limits(node, op.activation) == (-128, 127)
        and pack(node) is not None
    )


def params(node: Node) -> Params:
    """The fields of `conv_winograd_s8_dsp_params`."""
    op, transformed = node.op, pack(node)
    assert isinstance(op, Window) and transformed is not None, node
    geometry = op.geometry(node)
    kept = ("batches", "in_h", "in_w", "in_ch", "out_h", "out_w", "out_ch", "pad_top", "pad_left")
    return {
        **{name: geometry[name] for name in kept},
        "in_zero": node.input(0).zero_point,
        "depth": depth(node.input(0).shape[3]),
        "weights": transformed.weights.reshape(-1),
        "scales": transformed.scales.reshape(-1),
    }


def scratch(node: Node) -> int:
    """Bytes of two transformed tiles, and of sums or a tile that was copied."""
    channels = node.input(0).shape[3]
    return 144 * depth(channels) + max(1152, 36 * channels)
