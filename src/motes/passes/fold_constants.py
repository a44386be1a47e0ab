"""Compute now what follows from constants."""

from __future__ import annotations

import dataclasses

from motes.ir import Graph, Node, Tensor
from motes.operands import unsettled


def fold_constants(graph: Graph) -> Graph:
    """The graph without the nodes that always give the same; what reads them reads constants.

    Each operator says what it gives: see `Op.fold`. An output of the graph, or what a state writes, is still computed.
    """
    ends = {*graph.outputs, *(state.write for state in graph.states)}
    known: dict[Tensor, Tensor] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        if not known.keys().isdisjoint(node.inputs):
            node = dataclasses.replace(node, inputs=tuple(t and known.get(t, t) for t in node.inputs))
        made = None if unsettled(node) else node.op.fold(node)
        if made is None or not ends.isdisjoint(node.outputs):
            nodes.append(node)
        else:
            known |= {t: dataclasses.replace(t, data=x) for t, x in zip(node.outputs, made, strict=True)}
    return dataclasses.replace(graph, nodes=tuple(nodes))
