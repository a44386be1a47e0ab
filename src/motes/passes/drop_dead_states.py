"""Drop what is kept from one execution to the next, but never told."""

from __future__ import annotations

import dataclasses

from motes.ir import Graph
from motes.passes.drop_dead_nodes import drop_dead_nodes


def drop_dead_states(graph: Graph) -> Graph:
    """The graph without the states that no output depends on, now or in any later execution, and what only they read.

    Not for a body of an operator: its states are variables, whose last values may be outputs of the operator.
    """
    kept = dataclasses.replace(graph, states=())
    while True:
        alive = drop_dead_nodes(kept)
        read = {t for node in alive.nodes for t in node.inputs}
        read.update(graph.outputs, (state.write for state in kept.states))
        states = tuple(state for state in graph.states if state.read in read)
        if states == kept.states:
            return alive
        kept = dataclasses.replace(graph, states=states)
