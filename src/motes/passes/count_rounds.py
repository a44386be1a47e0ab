"""Loops that run a known number of times need no condition."""

from __future__ import annotations

import dataclasses

from motes.ir import Graph, Node
from motes.ops.control.op import Repeat, While
from motes.ops.control.rounds import rounds_of


def count_rounds(graph: Graph) -> Graph:
    """The graph with a loop of n rounds for each WHILE whose condition follows from constants, n being 1 or more."""
    return dataclasses.replace(graph, nodes=tuple(_counted(node) for node in graph.nodes))


def _counted(node: Node) -> Node:
    if not isinstance(node.op, While):
        return node
    condition, step = node.op.bodies
    count = rounds_of(condition, step, node.inputs)
    return dataclasses.replace(node, op=Repeat((step,), count, (), ())) if count else node
