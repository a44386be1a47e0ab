"""Order the nodes so that the fewest bytes are alive at once."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from motes.ir import Graph, Node, Tensor

STATES = 20_000
"""How many partial orders are looked at before the order found so far is kept: a second of work at most."""


def order_nodes(graph: Graph) -> Graph:
    """The graph with its nodes in an order of least peak memory; the given order where that is as good.

    A partial order is fully described by the set of nodes that have run, so the best order is a shortest path over
    such sets (by peak), found layer by layer. A chain has one set a layer; where a graph is so wide that more than
    `STATES` steps would be looked at, it keeps its order.
    """
    order = _best_order(graph)
    return graph if order is None else dataclasses.replace(graph, nodes=order)


@dataclass(frozen=True)
class _Partial:
    """The best way found to run one set of nodes: `ready` could run next, `alive` bytes are in memory afterwards."""

    peak: int
    order: tuple[int, ...]
    ready: frozenset[int]
    alive: int


def _best_order(graph: Graph) -> tuple[Node, ...] | None:
    nodes = graph.nodes
    producer = {t: i for i, n in enumerate(nodes) for t in n.outputs}
    needs = [frozenset(producer[t] for t in n.inputs if t in producer) for n in nodes]
    feeds: list[set[int]] = [set() for _ in nodes]
    for i, before in enumerate(needs):
        for j in before:
            feeds[j].add(i)
    readers: dict[Tensor, set[int]] = {}
    for i, node in enumerate(nodes):
        for t in node.inputs:
            if t is not None and t.data is None:
                readers.setdefault(t, set()).add(i)
    forever = {*graph.outputs, *(s.write for s in graph.states)}
    kept = {s.read for s in graph.states}  # always in memory, so they count for no order

    def after(done: int, partial: _Partial, i: int) -> _Partial:
        """The partial order with node `i` behind it; bit j of `done` says whether node j has run, `i` included."""
        node = nodes[i]
        during = partial.alive + sum(t.nbytes for t in node.outputs)
        unread = [t for t in node.outputs if t not in readers and t not in forever]
        read = [t for t in dict.fromkeys(node.inputs) if t in readers and t not in forever and t not in kept]
        dead = [t for t in read if t is not None and all(done >> j & 1 for j in readers[t])]
        ready = partial.ready - {i} | {k for k in feeds[i] if all(done >> j & 1 for j in needs[k])}
        alive = during - sum(t.nbytes for t in (*unread, *dead))
        return _Partial(max(partial.peak, during), (*partial.order, i), ready, alive)

    start = sum(t.nbytes for t in graph.inputs if t in readers or t in forever)
    # The set of nodes that have run, as bits -> the best order of them; ties go to the order that was given.
    layer = {0: _Partial(0, (), frozenset(i for i, before in enumerate(needs) if not before), start)}
    seen = 0
    for _ in nodes:
        following: dict[int, _Partial] = {}
        for done, partial in layer.items():
            for i in sorted(partial.ready):
                seen += 1
                if seen > STATES + len(nodes):
                    return None
                now = done | 1 << i
                found = after(now, partial, i)
                if now not in following or (found.peak, found.order) < (following[now].peak, following[now].order):
                    following[now] = found
        layer = following
    ((_, best),) = layer.items()
    return tuple(nodes[i] for i in best.order)
