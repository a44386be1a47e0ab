"""What is done to a graph before kernels are chosen: one file a pass, each a function from graph to graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from motes.ir import Control, Graph
from motes.passes.choose_operands import choose_operands
from motes.passes.count_rounds import count_rounds
from motes.passes.dense_pixels import dense_pixels
from motes.passes.drop_dead_channels import drop_dead_channels
from motes.passes.drop_dead_nodes import drop_dead_nodes
from motes.passes.drop_dead_states import drop_dead_states
from motes.passes.drop_identities import drop_identities
from motes.passes.drop_requantize_pairs import drop_requantize_pairs
from motes.passes.fold_constants import fold_constants
from motes.passes.fuse_padding import fuse_padding
from motes.passes.order_nodes import order_nodes
from motes.passes.place_rows import place_rows
from motes.passes.roll_recurrence import roll_recurrence
from motes.passes.settle_branches import settle_branches
from motes.wellformed import verify

REPAIR: tuple[Callable[[Graph], Graph], ...] = (
    choose_operands,
    fold_constants,
    settle_branches,
    fold_constants,  # what the branches that were taken make of constants
    count_rounds,
    drop_requantize_pairs,
    drop_identities,
    fuse_padding,
    drop_dead_nodes,
)
"""What makes the graph of a file plain."""

PIPELINE = (
    *REPAIR,
    place_rows,
    roll_recurrence,
    drop_dead_channels,
    drop_dead_states,  # and what fed nothing else
    dense_pixels,
    order_nodes,
)

ORDERING = (drop_dead_nodes, order_nodes)
"""Those that leave every node as it is."""

OUTERMOST = (drop_dead_states,)
"""Those that are not for what operators run."""


def prepare(graph: Graph) -> Graph:
    """The graph after every pass, verified before the first and after each.

    Raises:
        BadInput, Unsupported: as `verify` does, for the graph that was given.
    """
    return _through(PIPELINE, graph)


def repair(graph: Graph) -> Graph:
    """The graph after the first passes, without dead channels: plain, its operators still those of the file.

    Raises:
        BadInput, Unsupported: as `verify` does, for the graph that was given.
    """
    return _through((*REPAIR, drop_dead_channels), graph)


def _through(passes: Iterable[Callable[[Graph], Graph]], graph: Graph) -> Graph:
    graph = verify(graph)
    for run in passes:
        graph = verify(_throughout(run, graph))
    return graph


def _throughout(run: Callable[[Graph], Graph], graph: Graph) -> Graph:
    """The graph after a pass, what its operators run first."""
    nodes = []
    for node in graph.nodes:
        if isinstance(node.op, Control) and run not in OUTERMOST and (run in ORDERING or not node.op.fixed):
            bodies = tuple(_throughout(run, body) for body in node.op.bodies)
            node = replace(node, op=replace(node.op, bodies=bodies))
        nodes.append(node)
    return run(replace(graph, nodes=tuple(nodes)))
