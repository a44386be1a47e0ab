"""Put pads into the convolutions behind them."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np

from motes.ir import DType, Graph, Node, Tensor
from motes.ops.conv.window import Window
from motes.ops.pad.op import Pad, PadV2, borders


def fuse_padding(graph: Graph) -> Graph:
    """The graph with convolutions that pad by themselves, where a PAD of rows and columns stood in front of them.

    A convolution takes what lies outside of its input for real zeros. That is what the pad gave where its value is the
    zero point, and its input has the scale that the convolution expects. Of floats, zeros add nothing to a sum unless
    a weight is infinite.
    """
    ends = {*graph.outputs, *(state.write for state in graph.states)}
    readers = Counter(t for node in graph.nodes for t in dict.fromkeys(node.inputs) if t is not None)
    pads = {n.output: n for n in graph.nodes if isinstance(n.op, Pad | PadV2)}
    nodes: list[Node] = []
    for node in graph.nodes:
        pad = pads.get(node.input(0)) if isinstance(node.op, Window) else None
        if pad is not None and pad.output not in ends and readers[pad.output] == 1:
            node = _fused(pad, node)
        nodes.append(node)
    return dataclasses.replace(graph, nodes=tuple(nodes))


def _fused(pad: Node, node: Node) -> Node:
    """The convolution with the pad in it, or as it is where that would give something else."""
    assert isinstance(node.op, Window), node
    x, y, weights = pad.input(0), pad.output, node.input(1).data
    batch, rows, columns, channels = borders(pad) if len(x.shape) == 4 else [(1, 1)] * 4
    zero = y.zero_point if y.quant is not None and y.quant.per_tensor else 0
    finite = y.dtype is not DType.FLOAT32 or (weights is not None and bool(np.isfinite(weights).all()))
    if any((*batch, *channels)) or x.quant != y.quant or _value(pad) != zero or not finite:
        return node
    top, bottom, left, right = (a + b for a, b in zip(node.op.pads, (*rows, *columns), strict=True))
    op = dataclasses.replace(node.op, pads=(top, bottom, left, right))
    return dataclasses.replace(node, op=op, inputs=(x, *node.inputs[1:]), sources=(*pad.sources, *node.sources))


def _value(pad: Node) -> float | None:
    """What a pad surrounds its input with, where that is known."""
    if isinstance(pad.op, Pad):
        return float(pad.op.value(pad)[0])
    value: Tensor = pad.input(2)
    return None if value.data is None else float(value.data.ravel()[0])
