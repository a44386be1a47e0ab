"""Convolutions that make a single pixel of all there is are dense layers."""

from __future__ import annotations

import dataclasses
import math

from motes.ir import Graph, Node
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.op import Conv2D
from motes.ops.fully_connected.op import FullyConnected


def dense_pixels(graph: Graph) -> Graph:
    """The graph with a FULLY_CONNECTED for each int8 CONV_2D whose window covers its whole input, and nothing else.

    Both sum and rescale alike, but no kernel of a convolution is as fast for one pixel.
    """
    return dataclasses.replace(graph, nodes=tuple(_dense(node) if _single(node) else node for node in graph.nodes))


def _single(node: Node) -> bool:
    if not isinstance(node.op, Conv2D) or kind_of(node) is not Kind.S8 or any(node.op.pads):
        return False
    x, w, y = node.input(0), node.input(1), node.output
    return x.shape[0] == 1 and y.shape[1:3] == (1, 1) and w.shape[1:] == x.shape[1:]


def _dense(node: Node) -> Node:
    assert isinstance(node.op, Conv2D), node
    w = node.input(1)
    assert w.data is not None, node
    shape = (w.shape[0], math.prod(w.shape[1:]))
    weights = dataclasses.replace(w, shape=shape, data=w.data.reshape(shape))
    return dataclasses.replace(
        node, op=FullyConnected(node.op.activation), inputs=(node.inputs[0], weights, *node.inputs[2:])
    )
