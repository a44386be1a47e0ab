"""When `fully_connected_s8_mve.h` can serve a node, and its parameters."""

from __future__ import annotations

import numpy as np

from motes.ir import Node, Params
from motes.ops.fully_connected.sums import rescaling

FOUR = 4
"""Units whose outputs are made together."""


def fits(node: Node) -> bool:
    """Whether there are four units, and all outputs are scaled down; a multiplier of 0 gives 0 with any shift."""
    multipliers, shifts = rescaling(node)
    return node.input(1).shape[0] >= FOUR and bool((shifts[multipliers > 0] < 0).all())


def params(node: Node) -> Params:
    """The fields of `fully_connected_s8_mve_params`."""
    multipliers, shifts = rescaling(node)
    return {**node.op.params(node), "shift": np.where(multipliers > 0, shifts, -1).astype(np.int8)}
