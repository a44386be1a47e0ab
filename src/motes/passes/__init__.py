"""What is done to a graph before kernels are chosen: one file a pass, each a function from graph to graph."""

from __future__ import annotations

from collections.abc import Callable

from motes.ir import Graph, verify
from motes.passes.drop_dead_nodes import drop_dead_nodes
from motes.passes.order_nodes import order_nodes

PIPELINE: tuple[Callable[[Graph], Graph], ...] = (drop_dead_nodes, order_nodes)


def prepare(graph: Graph) -> Graph:
    """The graph after every pass, verified before the first and after each.

    Raises:
        BadInput, Unsupported: as `verify` does, for the graph that was given.
    """
    graph = verify(graph)
    for run in PIPELINE:
        graph = verify(run(graph))
    return graph
