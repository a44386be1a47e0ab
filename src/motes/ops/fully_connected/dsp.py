"""Weights as `fully_connected_s8_dsp.h` streams them, and when it can serve a node."""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.conv.step import MOST_SHIFT, Rescale, fit, fit_signed
from motes.ops.dense import SUMS, blocks
from motes.ops.fully_connected import fours
from motes.ops.fully_connected.dense import Dense
from motes.ops.fully_connected.sums import folded_bias, rescaling, weights_of

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
    """The stream of all blocks, each with its rescaling, or None where the arithmetic does not hold."""
    weights = weights_of(node).astype(np.int64)
    units, depth = weights.shape
    bias = folded_bias(node).astype(np.int64)
    largest = np.maximum(weights * 127, weights * -128).sum(axis=1) + bias
    least = np.minimum(weights * 127, weights * -128).sum(axis=1) + bias
    stream, found = blocks(weights, bias), _rescales(node, least, largest)
    if stream is None or found is None:
        return None
    if depth % 4 and node.output.elements != units:
        return None  # rows that begin between words would be read past their end
    way, rescales = found
    if way in (Way.PROVEN_EACH, Way.EXACT_EACH):
        own = np.pad(rescales, ((0, -units % SUMS), (0, 0))).reshape(len(stream), -1)
        stream = np.concatenate([stream, own.astype(np.int32)], axis=1)
    of_all = np.pad(rescales[0], (0, 3 - rescales.shape[1])).astype(np.int32)
    return Stream(way, stream.reshape(-1), of_all)


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
    steps = [fit(e, 256, SHIFT) for e in every]
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
    return 120 + 1.6 * depth + -(-units // SUMS) * (72 + 9.4 * depth)


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
        "block": len(stream.words) // -(-units // SUMS),
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
