"""Parameters of `depthwise_conv_s8_mve.h`, and when it can serve a node."""

from __future__ import annotations

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.common import limits
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.mve import rescaling
from motes.ops.conv.window import Window

EIGHT = 8
"""Channels whose outputs are made together."""


def fits(node: Node) -> bool:
    """Whether depth is 1, and all outputs are scaled down."""
    alone = node.input(0).shape[3] == node.output.shape[3]
    return kind_of(node) is Kind.S8 and alone and rescaling(node) is not None


def _filled(values: Array) -> Array:
    """As many as whole eights of channels have."""
    return np.pad(values, (0, -len(values) % EIGHT))


def params(node: Node) -> Params:
    """The fields of `depthwise_conv_s8_mve_params`."""
    op, rescale = node.op, rescaling(node)
    assert isinstance(op, Window) and rescale is not None, node
    low, high = limits(node, op.activation)
    left_out = ("out_ch", "pad_bottom", "pad_right")
    return {
        **{name: value for name, value in op.geometry(node).items() if name not in left_out},
        "in_zero": node.input(0).zero_point,
        "out_zero": node.output.zero_point,
        "low": low,
        "high": high,
        "weights": op.filter(node).reshape(-1),
        "bias": _filled(op.bias(node)),
        "multipliers": _filled(rescale[0]),
        "shifts": _filled(rescale[1]),
    }
