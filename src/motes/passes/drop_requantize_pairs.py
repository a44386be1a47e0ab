"""Drop the way over real numbers between two quantizations."""

from __future__ import annotations

import dataclasses

import numpy as np

from motes.errors import MotesError
from motes.ir import Graph, Node, Tensor
from motes.ops.quantize.op import Dequantize, Quantize, every_value


def drop_requantize_pairs(graph: Graph) -> Graph:
    """The graph with one integer QUANTIZE for each DEQUANTIZE with a QUANTIZE behind it, where both give the same.

    Every value of the input's type is tried: what is not equal for each of them stays. One that changes nothing is
    left for `drop_identities`.
    """
    made_by: dict[Tensor, Node] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        node = _direct(node, made_by)
        made_by |= dict.fromkeys(node.outputs, node)
        nodes.append(node)
    return dataclasses.replace(graph, nodes=tuple(nodes))


def _direct(node: Node, made_by: dict[Tensor, Node]) -> Node:
    before = made_by.get(node.input(0)) if isinstance(node.op, Quantize) else None
    if before is None or not isinstance(before.op, Dequantize) or not isinstance(node.op, Quantize):
        return node
    if before.input(0).dtype.size > 2:
        return node
    direct = dataclasses.replace(node, inputs=before.inputs, sources=(*before.sources, *node.sources))
    try:
        node.op.check(direct)
    except MotesError:
        return node
    every = every_value(before.input(0).dtype)
    there = node.op.apply(node, before.op.apply(before, every))
    return direct if np.array_equal(node.op.apply(direct, every), there) else node
