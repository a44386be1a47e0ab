"""How the integer LSTM goes from one scale to the next. Source: TFLM's `lstm_eval_common.cc`."""

from __future__ import annotations

import math

import numpy as np

from motes.errors import Unsupported
from motes.ir import Array, DType, Node, Params
from motes.ops.common import multiplier, multiplier_s64
from motes.quant import logistic_table_s16

GATE_SUM, GATE = 2.0**-12, 2.0**-15
"""Scales of int16 sums with 3 integer bits, and of gates."""

TANH_POWERS = (-42, 2)
"""The cell's scale as a power of 2, where TFLM's shifts before the tangent stay within 31 bits."""


def gate_rescaling(node: Node) -> dict[str, Array]:
    """Multipliers and shifts, int32 (8), from the sums over inputs and over hidden values to sums of gates."""
    x, hidden = node.input(0), node.input(18)
    reals = [x.scale * node.input(i).scale / GATE_SUM for i in (1, 2, 3, 4)]
    reals += [hidden.scale * node.input(i).scale / GATE_SUM for i in (5, 6, 7, 8)]
    made = [(multiplier_s64 if x.dtype is DType.INT16 else multiplier)(node, real) for real in reals]
    return {
        "multiplier": np.array([m for m, _ in made], np.int32),
        "shift": np.array([s for _, s in made], np.int32),
    }


def cell_rescaling(node: Node, cell_clip: float) -> Params:
    """Everything behind the gates' sums; the scale of the cell is taken for the next power of 2 before the tangent."""
    hidden, cell = node.input(18), node.input(19)
    power = round(math.log2(cell.scale))
    least, most = TANH_POWERS
    if not least <= power <= most:
        raise Unsupported(
            node, f"its cell has a scale of {cell.scale:g}, not 2^{least} to 2^{most}", "quantize the model again"
        )
    forget = multiplier(node, GATE * cell.scale / cell.scale)
    added = multiplier(node, GATE * GATE / cell.scale)
    output = multiplier(node, GATE * GATE / hidden.scale)
    info = np.iinfo(hidden.dtype.numpy)
    left = power + 12
    return {
        "table": logistic_table_s16(),
        "forget_multiplier": forget[0],
        "forget_shift": forget[1],
        "input_multiplier": added[0],
        "input_shift": added[1],
        "clip": int(min(cell_clip / cell.scale, 32767.0)),
        "tanh_factor": 3 << max(left, 0),
        "tanh_right": max(-left, 0),
        "output_multiplier": output[0],
        "output_shift": output[1],
        "zero_point": hidden.zero_point,
        "low": int(info.min),
        "high": int(info.max),
    }
