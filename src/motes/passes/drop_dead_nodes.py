"""Drop nodes whose results nothing reads."""

from __future__ import annotations

import dataclasses

from motes.ir import Graph


def drop_dead_nodes(graph: Graph) -> Graph:
    """The graph without the nodes that no output and no state depends on."""
    wanted = {*graph.outputs, *(state.write for state in graph.states)}
    kept = []
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs):
            kept.append(node)
            wanted.update(t for t in node.inputs if t is not None)
    return dataclasses.replace(graph, nodes=tuple(reversed(kept)))
