"""Weights as `depthwise_conv_column_s8_dsp.h` streams them, and when it can serve a node."""

from __future__ import annotations

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.common import limits
from motes.ops.conv.channels import channels
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.step import MOST_SHIFT
from motes.ops.conv.window import Window, but_for_rows


@but_for_rows
def pack(node: Node) -> Array | None:
    """int32: the stream, or None where doubled sums may not fit int32."""
    op = node.op
    assert isinstance(op, Window), node
    each = channels(op, node)
    if each is None or any(
        max(-c.rescale.low, c.rescale.high) >= 1 << 30 or c.rescale.right > MOST_SHIFT for c in each
    ):
        return None
    weights = np.stack([c.weights for c in each])  # (channels, taps)
    if weights.shape[1] % 2:  # the last pair begins with a tap that has been
        weights = np.insert(weights, -1, 0, axis=1)
    # Four channels at a time: of each pair of taps the bytes (a0, a1, b0, b1), then (a2, a3, b2, b3).
    fours = weights.reshape(-1, 2, 2, weights.shape[1] // 2, 2).transpose(0, 3, 1, 4, 2).astype(np.int8)
    words = np.ascontiguousarray(fours).reshape(len(fours), -1).view("<i4")
    rights = np.array([c.rescale.right - 1 for c in each], np.uint8).reshape(-1, 4).view("<i4")
    scales = np.array([(2 * c.bias, c.rescale.multiplier) for c in each], np.int64).astype(np.int32).reshape(-1, 8)
    return np.concatenate([words, rights, scales], axis=1).reshape(-1)


def fits(node: Node) -> bool:
    """Whether it is one column wide, depth 1, channels in fours, two taps or more, and the arithmetic holds."""
    op, x, w, y = node.op, node.input(0), node.input(1), node.output
    assert isinstance(op, Window), node
    return (
        kind_of(node) is Kind.S8
        and x.shape[2] == w.shape[2] == y.shape[2] == 1
        and not any(op.pads[2:])
        and w.shape[1] > 1
        and x.shape[3] == y.shape[3]
        and x.shape[3] % 4 == 0
        and pack(node) is not None
    )


def params(node: Node) -> Params:
    """The fields of `depthwise_conv_column_s8_dsp_params`."""
    op, stream, x, w = node.op, pack(node), node.input(0), node.input(1)
    assert isinstance(op, Window) and stream is not None, node
    low, high = limits(node, op.activation)
    return {
        "batches": x.shape[0],
        "in_h": x.shape[1],
        "out_h": node.output.shape[1],
        "channels": x.shape[3],
        "taps": w.shape[1],
        "stride": op.stride[0],
        "dilation": op.dilation[0],
        "pad": op.pads[0],
        "in_zero": x.zero_point,
        "low": low,
        "high": high,
        "half": 2 * node.output.zero_point + 1,
        "stream": stream,
    }


def scratch(node: Node) -> int:
    """Bytes of a window that lies partly in the padding."""
    assert isinstance(node.op, Window), node
    return node.input(1).shape[1] * node.input(0).shape[3] if any(node.op.pads[:2]) else 0
