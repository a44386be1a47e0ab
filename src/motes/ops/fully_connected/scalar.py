"""Weights as `fully_connected_s8_scalar.h` reads them."""

from __future__ import annotations

import numpy as np

from motes.ir import Node, Params
from motes.ops.fully_connected.sums import weights_of


def params(node: Node) -> Params:
    """The fields of `fully_connected_s8_scalar_params`."""
    weights = weights_of(node)
    units, depth = weights.shape
    filled = np.pad(weights, ((0, -units % 4), (0, 0))).reshape(-1, 4, depth)
    return {**node.op.params(node), "weights": filled.swapaxes(1, 2).reshape(-1).view("<i4")}
