"""Weights as `fully_connected_fours_s8_dsp.h` reads them, and when it can serve a node."""

from __future__ import annotations

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.conv.step import MOST_SHIFT
from motes.ops.fully_connected.sums import folded_bias, rescaling, weights_of

_BLOCK = 4
"""Outputs whose sums are in registers together."""


def fits(node: Node) -> bool:
    """Whether every row of the input begins at a word, so that none is read past its end."""
    units, depth = node.input(1).shape
    return depth % 4 == 0 or node.output.elements == units


def cycles(units: int, depth: int) -> float:
    """About what a row takes, as measured."""
    blocks, left = divmod(units, _BLOCK)
    return 30 + blocks * (140 + 5.36 * depth) + left * (30 + 3.53 * depth)


def params(node: Node) -> Params:
    """The fields of `fully_connected_fours_s8_dsp_params`."""
    weights = weights_of(node)
    units, depth = weights.shape
    words = -(-depth // 4)
    padded = np.zeros((units, 4 * words), np.int8)
    padded[:, :depth] = weights
    blocked = _blocked(weights)
    stream = np.concatenate([_blocks(padded[:blocked]), padded[blocked:].reshape(-1).view("<i4")])
    fields = {"words": words, "blocked": blocked, "weights": stream.astype(np.int32)}
    return {**node.op.params(node), **fields, "rounded": int(_rounded(node))}


def _rounded(node: Node) -> bool:
    """Whether twice a sum fits a word, and every output is scaled down: then rounding takes five instructions."""
    reach = 128 * abs(weights_of(node).astype(np.int64)).sum(axis=1) + abs(folded_bias(node).astype(np.int64))
    multipliers, shifts = rescaling(node)
    rights = -shifts[multipliers > 0].astype(np.int64)
    return bool(reach.max() < 1 << 30 and (multipliers > 0).all() and rights.min() >= 1 and rights.max() <= MOST_SHIFT)


def _blocked(weights: Array) -> int:
    """How many units go into blocks: none where two weights do not fit a halfword, or a sum may not fit a word."""
    units = len(weights) // _BLOCK * _BLOCK
    wide = weights[:units].astype(np.int64)
    fit = (256 * wide[0::2] + wide[1::2] >= -(1 << 15)).all() and (abs(wide).sum(axis=1) * 128 < 1 << 31).all()
    return units if fit else 0


def _blocks(weights: Array) -> Array:
    """int32: two weights of neighbouring units in each halfword, as 256 * w0 + w1."""
    wide = weights.astype(np.int64)
    # Blocks x pairs x words x bytes; SXTB16 takes bytes 0 and 2 of a word of x, and after a rotation 1 and 3.
    halves = ((256 * wide[0::2] + wide[1::2]) & 0xFFFF).reshape(-1, _BLOCK // 2, weights.shape[1] // 4, 4)
    words = halves[..., :2] | halves[..., 2:] << 16
    return words.transpose(0, 2, 3, 1).reshape(-1).astype(np.uint32).view(np.int32)
