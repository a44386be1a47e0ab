"""Weights as `fully_connected_s8_dsp.h` streams them, and when it can serve a node."""

from __future__ import annotations

import functools

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.fully_connected import fours
from motes.ops.fully_connected.sums import folded_bias, rescaling, weights_of

UNITS = 8
"""Outputs of a block: eight sums in registers."""

UNROLLED = 8
"""Words of x in one round of the unrolled loop."""

MOST_RIGHT = 22
"""Zero points shifted left by more leave no room for the scaled sum."""


@functools.lru_cache(maxsize=64)
def pack(node: Node) -> Array | None:
    """int32: the stream of all blocks, or None where the arithmetic does not hold.

    Two weights of neighbouring units share a halfword as 256 * w0 + w1. Each unit's sum must stay below 2**23, so that
    256 times it fits an int32, and be scaled down by two at least.
    """
    weights = weights_of(node).astype(np.int64)
    units, depth = weights.shape
    bias = folded_bias(node).astype(np.int64)
    largest = np.maximum(weights * 127, weights * -128).sum(axis=1) + bias
    least = np.minimum(weights * 127, weights * -128).sum(axis=1) + bias
    rescales = _rescales(node)
    if max(largest.max(), -least.min()) >= 1 << 23 or rescales is None:
        return None
    if depth % 4 and node.output.elements != units:
        return None  # rows that begin between words would be read past their end
    padded = np.zeros((-(-units // UNITS) * UNITS, -(-depth // 4) * 4), np.int64)
    padded[:units, :depth] = weights
    halves = 256 * padded[0::2] + padded[1::2]
    if halves.min() < -(1 << 15):
        return None  # -128 above a negative weight
    bias = np.concatenate([bias, np.zeros(len(padded) - units, np.int64)])
    # Pairs of units x (depth / 4) x 4; SXTB16 takes bytes 0 and 2 of a word of x, and after a rotation 1 and 3.
    fours = halves.reshape(len(halves), -1, 4)
    words = (fours[:, :, :2] & 0xFFFF) | (fours[:, :, 2:] & 0xFFFF) << 16
    blocks = []
    for first in range(0, len(padded), UNITS):
        pairs = slice(first // 2, (first + UNITS) // 2)
        high, low = bias[first : first + UNITS : 2], bias[first + 1 : first + UNITS : 2]
        blocks.append(np.stack([256 * high + low, low], axis=1).reshape(-1))
        blocks.append(words[pairs].transpose(1, 2, 0).reshape(-1))
        if len(rescales) > 1:
            last = rescales[first : first + UNITS]
            blocks.append(np.concatenate([last, np.zeros((UNITS - len(last), 3), np.int64)]).reshape(-1))
    return np.concatenate(blocks).astype(np.uint32).view(np.int32)


def _rescales(node: Node) -> Array | None:
    """(multiplier, offset, right) for all units, or for each: TFLM's double rounding in five instructions."""
    multipliers, shifts = (a.astype(np.int64) for a in rescaling(node))
    rights = np.where(multipliers == 0, 1, -shifts)
    if rights.min() < 1 or rights.max() > MOST_RIGHT:
        return None
    offsets = (1 << rights - 1) + (node.output.zero_point << rights)
    return np.stack([multipliers, offsets, rights], axis=1)


def fits(node: Node) -> bool:
    """Whether the arithmetic holds for these weights, and it is worth its size: 1.4 KB more than that of `fours`."""
    units, depth = node.input(1).shape
    return cycles(units, depth) < 0.9 * fours.cycles(units, depth) and pack(node) is not None


def cycles(units: int, depth: int) -> float:
    """About what a row takes, as measured."""
    return 70 + -(-units // UNITS) * (127 + 9.68 * depth)


def params(node: Node) -> Params:
    """The fields of `fully_connected_s8_dsp_params`."""
    stream, rescales, portable = pack(node), _rescales(node), node.op.params(node)
    assert stream is not None and rescales is not None, node
    units, depth = node.input(1).shape
    words = -(-depth // 4)
    return {
        **{field: portable[field] for field in ("rows", "depth", "units", "low", "high")},
        "words": words,
        "unrolled": words // UNROLLED * UNROLLED,
        "block": len(stream) // -(-units // UNITS),
        "stream": stream,
        "rescale": rescales[0].astype(np.int32),
        "per_unit": int(len(rescales) > 1),
    }
