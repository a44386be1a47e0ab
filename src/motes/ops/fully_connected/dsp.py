"""Weights as `fully_connected_s8_dsp.h` streams them, and when it can serve a node."""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.conv.step import MOST_SHIFT, Rescale, fit, fit_signed
from motes.ops.fully_connected import fours
from motes.ops.fully_connected.dense import Dense
from motes.ops.fully_connected.sums import folded_bias, rescaling, weights_of

UNITS = 8
"""Outputs of a block: eight sums in registers."""

UNROLLED, UNROLLED_SMALL = 32, 4
"""Words of x in one round of the unrolled loop."""

MANY = 1024
"""Weights that are worth a loop of 5 KB."""

DEEPEST = 8192
"""Values that are expanded in scratch at most, at two bytes each."""

SHIFT, SHIFT_SIGNED = 9, 12
"""Of outputs that are proven step functions: the assembly has them as immediates."""


class Way(enum.IntEnum):
    """How sums are rescaled: see fully_connected_s8_dsp.h."""

    PROVEN = 0
    SIGNED = 1
    PROVEN_SKIPPING = 2
    PROVEN_EACH = 3
    EXACT = 4
    EXACT_EACH = 5


@dataclass(frozen=True)
class Stream:
    """The stream of a node, and how its sums are rescaled."""

    way: Way
    words: Array  # int32
    rescale: Array  # int32, (3)


@functools.lru_cache(maxsize=64)
def pack(node: Node) -> Stream | None:
    """The stream of all blocks, or None where the arithmetic does not hold.

    Two weights of neighbouring units share a halfword as 256 * w0 + w1. Each unit's sum must stay below 2**23, so that
    256 times it fits an int32, and be scaled down by two at least.
    """
    weights = weights_of(node).astype(np.int64)
    units, depth = weights.shape
    bias = folded_bias(node).astype(np.int64)
    largest = np.maximum(weights * 127, weights * -128).sum(axis=1) + bias
    least = np.minimum(weights * 127, weights * -128).sum(axis=1) + bias
    if max(largest.max(), -least.min()) >= 1 << 23:
        return None
    found = _rescales(node, least, largest)
    if found is None:
        return None
    if depth % 4 and node.output.elements != units:
        return None  # rows that begin between words would be read past their end
    way, rescales = found
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
        if way in (Way.PROVEN_EACH, Way.EXACT_EACH):
            last = rescales[first : first + UNITS]
            blocks.append(np.pad(last, ((0, UNITS - len(last)), (0, 0))).reshape(-1))
    of_all = np.pad(rescales[0], (0, 3 - rescales.shape[1])).astype(np.int32)
    return Stream(way, np.concatenate(blocks).astype(np.uint32).view(np.int32), of_all)


def _rescales(node: Node, least: Array, largest: Array) -> tuple[Way, Array] | None:
    """How to rescale, and the numbers it takes, (1 or units, 2 or 3)."""
    multipliers, shifts = (a.astype(np.int64) for a in rescaling(node))
    rights = np.where(multipliers == 0, 1, -shifts)
    if rights.min() < 1 or rights.max() > MOST_SHIFT:
        return None
    if len(multipliers) == 1:
        least, largest = least.min(keepdims=True), largest.max(keepdims=True)
    every = [
        Rescale(*map(int, (m, r, node.output.zero_point, low, high)))
        for m, r, low, high in zip(multipliers, rights, least, largest, strict=True)
    ]
    steps = [fit(e, 8, SHIFT) for e in every]
    whole = _words(node) % constants(node)[0] == 0
    if None not in steps:
        way = Way.PROVEN_EACH if len(steps) > 1 else Way.PROVEN if whole else Way.PROVEN_SKIPPING
        return way, np.array(steps)
    signed = fit_signed(every[0], 256, SHIFT_SIGNED)
    if len(every) == 1 and whole and signed is not None:
        return Way.SIGNED, np.array([signed])
    return (Way.EXACT_EACH if len(every) > 1 else Way.EXACT), np.array([e.rounded for e in every])


def fits(node: Node) -> bool:
    """Whether the arithmetic holds for these weights."""
    return node.input(1).shape[1] <= DEEPEST and pack(node) is not None


def pays(node: Node) -> bool:
    """Whether it is worth its size."""
    units, depth = node.input(1).shape
    return cycles(units, depth) < fours.cycles(units, depth) * (1.0 if units * depth >= MANY else 0.9)


def cycles(units: int, depth: int) -> float:
    """About what a row takes, as measured."""
    return 120 + 1.6 * depth + -(-units // UNITS) * (72 + 9.4 * depth)


def params(node: Node) -> Params:
    """The fields of `fully_connected_s8_dsp_params`."""
    stream, portable = pack(node), node.op.params(node)
    assert stream is not None, node
    units, _ = node.input(1).shape
    words = _words(node)
    return {
        **{field: portable[field] for field in ("rows", "depth", "units", "low", "high")},
        "words": words,
        "skipped": -words % constants(node)[0],
        "block": len(stream.words) // -(-units // UNITS),
        "stream": stream.words,
        "rescale": stream.rescale,
        "way": int(stream.way),
    }


def constants(node: Node) -> tuple[int, ...]:
    """The argument of `fully_connected_s8_dsp_COPY`."""
    compact = isinstance(node.op, Dense) and node.op.compact
    return (UNROLLED if node.input(1).elements >= MANY and not compact else UNROLLED_SMALL,)


def scratch(node: Node) -> int:
    """Bytes of expanded values."""
    return 8 * _words(node)


def scratch_over(node: Node) -> int | None:
    """The only row may be expanded where it is."""
    return 0 if node.output.elements == node.input(1).shape[0] else None


def _words(node: Node) -> int:
    """Words of a row."""
    return -(-node.input(1).shape[1] // 4)
