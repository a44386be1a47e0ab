"""Weights as `lstm_s8_dsp.h` streams them, and when it can serve a node."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from motes.ir import Array, DType, Node, Params
from motes.ops.dense import blocks
from motes.ops.lstm.rescaling import cell_rescaling, gate_rescaling

INPUT_WEIGHTS, HIDDEN_WEIGHTS, BIASES = (1, 2, 3, 4), (5, 6, 7, 8), (12, 13, 14, 15)
HIDDEN = 18

MOST_RIGHT = 30
"""Shifts to the right that leave a half of int32 to be added."""

MOST_LEFT = 6
"""Shifts to the left that sums below 2**23 have room for, doubled as they are."""


@functools.lru_cache(maxsize=16)
def pack(node: Node) -> Array | None:
    """int32: the stream, or None where sums may reach 2**23, or -128 comes above a negative weight."""
    biases = _gates(node, BIASES).astype(np.int64)
    over_x = _blocks(_gates(node, INPUT_WEIGHTS), biases, node.input(0).zero_point)
    over_hidden = _blocks(_gates(node, HIDDEN_WEIGHTS), np.zeros_like(biases), node.input(HIDDEN).zero_point)
    if over_x is None or over_hidden is None:
        return None
    return np.concatenate([over_x, over_hidden], axis=1).reshape(-1)


def _gates(node: Node, indices: Sequence[int]) -> Array:
    """(4, units, ...): of each gate, the constant input with its index."""
    found = [node.input(i).data for i in indices]
    return np.stack([data for data in found if data is not None])


def _blocks(weights: Array, biases: Array, zero_point: int) -> Array | None:
    """int32 (blocks, words): of two units each, in the order of their sums: unit by unit, gate by gate."""
    starts = biases - zero_point * weights.sum(axis=2, dtype=np.int64)
    return blocks(weights.transpose(1, 0, 2).reshape(-1, weights.shape[2]), starts.T.reshape(-1))


def _products(node: Node) -> dict[str, tuple[int, int]]:
    """(multiplier, right) of each product of gates."""
    cell = dict(cell_rescaling(node, 0.0))
    names = ("forget", "input", "output")
    return {name: (int(cell[f"{name}_multiplier"]), -int(cell[f"{name}_shift"])) for name in names}


def fits(node: Node) -> bool:
    """Whether all is int8, and neither shifts nor sums are too large."""
    if (node.input(0).dtype, node.input(1).dtype) != (DType.INT8, DType.INT8):
        return False
    shifts = gate_rescaling(node)["shift"]
    products = all(1 <= right <= MOST_RIGHT for _, right in _products(node).values())
    return products and shifts.min() >= -MOST_RIGHT and shifts.max() <= MOST_LEFT and pack(node) is not None


def params(node: Node) -> Params:
    """The fields of `lstm_s8_dsp_params`."""
    stream, portable = pack(node), node.op.params(node)
    assert stream is not None, node
    kept = ("batch", "steps", "inputs", "units", "batch_rows", "step_rows")
    cell = ("table", "clip", "tanh_factor", "tanh_right", "zero_point")
    fours, hidden_fours = _fours(node)
    gates = gate_rescaling(node)
    lefts, rights = np.maximum(gates["shift"], 0), np.maximum(-gates["shift"], 0)
    signs = np.where(rights > 0, np.iinfo(np.int32).min, 0)
    products = _products(node)
    return {
        **{name: portable[name] for name in (*kept, *cell)},
        "rescale": np.stack([lefts + 1, gates["multiplier"], rights, signs], axis=1).astype(np.int32),
        **{f"{name}_multiplier": multiplier for name, (multiplier, _) in products.items()},
        **{f"{name}_right": right for name, (_, right) in products.items()},
        "input_fours": fours,
        "hidden_fours": hidden_fours,
        "stream": stream,
    }


def scratch(node: Node) -> int:
    """Bytes of expanded inputs and hidden values."""
    return 8 * sum(_fours(node))


def _fours(node: Node) -> tuple[int, int]:
    """How many times four inputs and hidden values there are."""
    return -(-node.input(0).shape[2] // 4), -(-node.outputs[0].shape[2] // 4)
