"""Order the nodes so that the fewest bytes are alive at once."""

from __future__ import annotations

import dataclasses

from motes.ir import Graph, Node, Tensor

STATES = 20_000
"""How many partial orders are looked at before the order found so far is kept: a second of work at most."""


def order_nodes(graph: Graph) -> Graph:
    """The graph with its nodes in an order of least peak memory; the given order where that is as good.

    A partial order is fully described by the set of nodes that have run, so the best order is a shortest path over
    such sets (by peak), found layer by layer. A chain has one set a layer; where a graph is so wide that more than
    `STATES` sets would be looked at, it keeps its order.
    """
    order = _best_order(graph)
    return graph if order is None else dataclasses.replace(graph, nodes=order)


def _best_order(graph: Graph) -> tuple[Node, ...] | None:
    nodes = graph.nodes
    producer = {t: i for i, n in enumerate(nodes) for t in n.outputs}
    needs = [frozenset(producer[t] for t in n.inputs if t in producer) for n in nodes]
    readers: dict[Tensor, int] = {}  # tensor -> bit set of the nodes that read it
    for i, node in enumerate(nodes):
        for t in node.inputs:
            if t is not None and t.data is None:
                readers[t] = readers.get(t, 0) | 1 << i
    forever = {*graph.outputs, *(s.write for s in graph.states)}
    kept = {s.read for s in graph.states}  # always in memory, so they count for no order

    def alive(done: int) -> int:
        """Bytes that are alive between nodes, once those of `done` have run."""
        born = [t for i, n in enumerate(nodes) if done >> i & 1 for t in n.outputs]
        return sum(
            t.nbytes for t in (*graph.inputs, *born) if t not in kept and (t in forever or readers.get(t, 0) & ~done)
        )

    # set of nodes that have run -> (peak so far, the order); ties go to the order that was given
    layer: dict[int, tuple[int, tuple[int, ...]]] = {0: (0, ())}
    seen = 0
    for _ in nodes:
        following: dict[int, tuple[int, tuple[int, ...]]] = {}
        for done, (peak, order) in layer.items():
            before = alive(done)
            for i, node in enumerate(nodes):
                if done >> i & 1 or not all(done >> j & 1 for j in needs[i]):
                    continue
                seen += 1
                if seen > STATES:
                    return None
                during = before + sum(t.nbytes for t in node.outputs)
                found = (max(peak, during), (*order, i))
                now = done | 1 << i
                if now not in following or found < following[now]:
                    following[now] = found
        layer = following
    ((_, best),) = layer.values()
    return tuple(nodes[i] for i in best)
