"""Which rows of each tensor a streaming form computes and reads."""

from __future__ import annotations

from motes.ir import Graph, Tensor
from motes.passes.streaming.motion import Motion, Motions, Moving, Range


def reach(motion: Motion, moving: Moving, made: Range) -> tuple[Range, tuple[int, int]]:
    """The rows of an input that these rows of the output see, and the rows of padding before and behind them."""
    first, last = moving.rows.needed(made[0], made[1] - 1)
    here = (max(0, first), min(motion.rows, last + 1))
    return here, (here[0] - first, last + 1 - here[1])


def needed_rows(graph: Graph, found: Motions) -> dict[Tensor, Range]:
    """The rows of each tensor that some output follows from."""
    needed: dict[Tensor, Range] = {}

    def add(tensor: Tensor, rows: Range) -> None:
        known = needed.get(tensor, rows)
        needed[tensor] = min(known[0], rows[0]), max(known[1], rows[1])

    for tensor in (*graph.outputs, *(s.write for s in graph.states)):
        if tensor in found.of:
            add(tensor, (0, found.of[tensor].rows))
    for node in reversed(graph.nodes):
        moving = found.nodes.get(node)
        for x in node.inputs:
            if x is None or x not in found.of:
                continue
            if moving is None:
                add(x, (0, found.of[x].rows))
            elif node.output in needed:
                add(x, reach(found.of[x], moving, needed[node.output])[0])
    window = graph.inputs[0]
    rows = found.of[window].rows  # the new rows come at the end, needed or not
    needed[window] = needed.get(window, (0, rows))[0], rows
    return needed


def wanted_rows(graph: Graph, found: Motions, needed: dict[Tensor, Range]) -> dict[Tensor, list[Range]]:
    """The rows of each tensor that are read at once."""
    wanted: dict[Tensor, list[Range]] = {}
    for tensor in (*graph.outputs, *(s.write for s in graph.states)):
        if tensor in found.of:
            wanted.setdefault(tensor, []).append((0, found.of[tensor].rows))
    for node in graph.nodes:
        moving = found.nodes.get(node)
        for x in node.inputs:
            if x is None or x not in found.of:
                continue
            reads = wanted.setdefault(x, [])
            if moving is None:
                reads.append((0, found.of[x].rows))
            elif node.output in needed:
                fresh = found.of[node.output].fresh(needed[node.output])
                reads += [reach(found.of[x], moving, made)[0] for made in fresh]
    return wanted
