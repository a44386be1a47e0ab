"""Convolutions that make a pixel or two are dense layers."""

from __future__ import annotations

import dataclasses
import math

from motes.ir import Graph, Node
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.op import Conv2D
from motes.ops.fully_connected.op import FullyConnected

FEW = 2
"""Pixels up to which a 1x1 convolution is one: its kernels make four at a time."""


def dense_pixels(graph: Graph) -> Graph:
    """The graph with a FULLY_CONNECTED for each int8 CONV_2D whose window covers its whole input, and for those of 1x1
    that make few pixels.

    Both operators sum and rescale alike. Their code is kept small: a step has little to do.
    """
    return dataclasses.replace(graph, nodes=tuple(_dense(node) if _few(node) else node for node in graph.nodes))


def _few(node: Node) -> bool:
    if not isinstance(node.op, Conv2D) or kind_of(node) is not Kind.S8 or any(node.op.pads):
        return False
    x, w, y = node.input(0), node.input(1), node.output
    whole = y.shape[:3] == (1, 1, 1) and w.shape[1:] == x.shape[1:]
    pixels = w.shape[1:] == (1, 1, x.shape[3]) and x.shape[:3] == y.shape[:3] and math.prod(y.shape[:3]) <= FEW
    return whole or pixels


def _dense(node: Node) -> Node:
    assert isinstance(node.op, Conv2D), node
    w = node.input(1)
    assert w.data is not None, node
    shape = (w.shape[0], math.prod(w.shape[1:]))
    weights = dataclasses.replace(w, shape=shape, data=w.data.reshape(shape))
    inputs = (node.inputs[0], weights, *node.inputs[2:])
    return dataclasses.replace(node, op=FullyConnected(node.op.activation, compact=True), inputs=inputs)
