"""Backward: which channels are needed, and which have to stay because of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from motes.intervals import Interval
from motes.ir import Array, Graph, Node, Tensor
from motes.ops.linear import Linear, Weighted
from motes.passes.channels.settle import channels, interval_of
from motes.passes.channels.ties import Tie, ties_of

Masks = dict[Tensor, Array]
"""bool (channels,) for each tensor."""

TOGETHER = 4
"""Kernels take channels in words of four bytes; five are not faster than eight."""


@dataclass(frozen=True, eq=False)
class Flows:
    """How the channels of a graph depend on each other."""

    graph: Graph
    intervals: Mapping[Tensor, Interval]
    linears: Mapping[Node, Linear]
    ties: Mapping[Node, tuple[Tie, ...] | None]
    """Of all other nodes; None where all channels may depend on all."""

    def of(self, tensor: Tensor) -> Interval:
        """The interval of an input or output of a linear node."""
        found = interval_of(tensor, self.intervals)
        assert found is not None, tensor
        return found

    @property
    def ends(self) -> tuple[Tensor, ...]:
        """Tensors that somebody outside knows."""
        states = (t for state in self.graph.states for t in (state.read, state.write))
        return (*self.graph.inputs, *self.graph.outputs, *states)


def flows_of(graph: Graph, intervals: Mapping[Tensor, Interval]) -> Flows:
    """What the operators of a graph say."""
    seen = {n: n.op.linear(n) for n in graph.nodes if isinstance(n.op, Weighted)}
    linears = {n: linear for n, linear in seen.items() if linear is not None}
    return Flows(graph, intervals, linears, {n: ties_of(n) for n in graph.nodes if n not in linears})


def needed(flows: Flows) -> Masks:
    """The channels that an output or a state depends on, and that are not known constants where they are read."""
    found = {t: np.zeros(channels(t), bool) for t in _carried(flows.graph.nodes)}
    for t in (*flows.graph.outputs, *(state.write for state in flows.graph.states)):
        found[t] = np.ones(channels(t), bool)
    for node in reversed(flows.graph.nodes):
        if not any(found[y].any() for y in node.outputs):
            continue
        linear = flows.linears.get(node)
        if linear is not None:
            x, y = node.input(0), node.output
            found[x] |= linear.needed(flows.of(x), flows.of(y), found[y])
            continue
        ties = flows.ties[node]
        for tie in ties or ():
            found[tie.x][tie.i[found[tie.y][tie.o]]] = True
        for x in {*node.pointers} - {tie.x for tie in ties or ()}:
            found[x][:] = True
    return found


def kept(flows: Flows, wanted: Masks, whole: Collection[Tensor]) -> Masks:
    """The channels that stay: those that are wanted, all of the tensors that are `whole`, and what these bring along.

    What operators tie together stays or goes together. Of a tensor whose channels go but for a few, a multiple of
    `TOGETHER` stay.
    """
    found = {t: mask.copy() for t, mask in wanted.items()}
    mixed = [t for n, ties in flows.ties.items() if ties is None for t in (*n.pointers, *n.outputs)]
    for t in (*flows.ends, *mixed, *whole):
        found[t] = np.ones(channels(t), bool)
    ties = [tie for found_ties in flows.ties.values() for tie in found_ties or ()]
    for node, linear in flows.linears.items():
        i, o = linear.ties
        ties.append(Tie(node.input(0), i, node.output, o))
    while True:
        _close(found, ties)
        live = [n for n in flows.graph.nodes if any(found[y].any() for y in n.outputs)]
        rounded = [_round_up(found[t]) for t in _carried(live)]
        if not any(rounded):
            return found


def _close(found: Masks, ties: Iterable[Tie]) -> None:
    """Keep what is tied to what is kept."""
    ties = [tie for tie in ties if tie.i.size]
    changed = True
    while changed:
        changed = False
        for tie in ties:
            x, y = found[tie.x], found[tie.y]
            either = x[tie.i] | y[tie.o]
            if not (x[tie.i].sum() == y[tie.o].sum() == either.sum()):
                x[tie.i[either]] = True
                y[tie.o[either]] = True
                changed = True


def _round_up(mask: Array) -> bool:
    """Keep the first of those that would go, until there is a multiple of `TOGETHER`, but not none."""
    count = int(mask.sum())
    missing = -max(1, count) % TOGETHER + (count == 0)
    gone = np.flatnonzero(~mask)[:missing]
    mask[gone] = True
    return gone.size > 0


def _carried(nodes: Iterable[Node]) -> dict[Tensor, None]:
    """What flows between nodes, and the constants among it."""
    return dict.fromkeys(t for node in nodes for t in (*node.pointers, *node.outputs))
