"""Parameters of `depthwise_conv_s8_dsp.h`, and when it can serve a node."""

from __future__ import annotations

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.common import limits
from motes.ops.conv.channels import channels
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.window import Window, but_for_rows


@but_for_rows
def pack(node: Node) -> Array | None:
    """int32 (channels, 4): twice the bias, multiplier, offset, right; None where doubled sums may not fit int32."""
    assert isinstance(node.op, Window), node
    each = channels(node.op, node)
    if each is None or any(not c.rescale.roundable for c in each):
        return None
    biases = node.op.bias(node)
    rows = [(2 * int(b), *c.rescale.rounded) for b, c in zip(biases, each, strict=True)]
    return np.array(rows, np.int64).astype(np.int32)  # what is doubled may wrap: the sum does not


def _fours(weights: Array) -> Array:
    """int8 (fours, taps, 4), of (taps, channels): where channels do not come in fours, the last four overlap others."""
    count = weights.shape[1]
    starts = [min(c, count - 4) for c in range(0, count, 4)]
    return np.stack([weights[:, c : c + 4] for c in starts])


def fits(node: Node) -> bool:
    """Whether depth is 1, there are four channels, and the arithmetic holds."""
    depth_1 = node.input(0).shape[3] == node.output.shape[3]
    return kind_of(node) is Kind.S8 and depth_1 and node.output.shape[3] >= 4 and pack(node) is not None


def params(node: Node) -> Params:
    """The fields of `depthwise_conv_s8_dsp_params`."""
    op, rescale = node.op, pack(node)
    assert isinstance(op, Window) and rescale is not None, node
    low, high = limits(node, op.activation)
    left_out = ("out_ch", "pad_bottom", "pad_right")
    return {
        **{k: v for k, v in op.geometry(node).items() if k not in left_out},
        "in_zero": node.input(0).zero_point,
        "low": low,
        "high": high,
        "weights": _fours(op.filter(node).reshape(-1, node.output.shape[3])).reshape(-1),
        "rescale": rescale.reshape(-1),
    }
