"""Parameters of `conv_1x1_s8_dsp.h`, and when it can serve a node."""

from __future__ import annotations

from motes.ir import Node, Params
from motes.ops.common import limits
from motes.ops.conv import blocks
from motes.ops.conv.window import Window

NAMES = ("in_ch", "out_ch", "steps", "skipped", "shift", "offset")


def alone(node: Node) -> bool:
    """Whether windows are one pixel at stride 1."""
    assert isinstance(node.op, Window), node
    return node.input(1).shape[1:3] == node.op.stride == (1, 1) and not any(node.op.pads)


def fits(node: Node) -> bool:
    """Whether `conv_s8_dsp` serves it, windows are one pixel at stride 1, and outputs have the limits of int8."""
    assert isinstance(node.op, Window), node
    return alone(node) and blocks.fits(node) and limits(node, node.op.activation) == (-128, 127)


def params(node: Node) -> Params:
    """The fields of `conv_1x1_s8_dsp_params`."""
    fields, packed = blocks.scalars(node), blocks.pack(node)
    assert packed is not None, node
    return {"pixels": fields["out_w"], "stream": packed.stream, **{name: fields[name] for name in NAMES}}
