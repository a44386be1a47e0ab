"""Drop channels that never vary, or that nothing reads."""

from __future__ import annotations

import dataclasses

import numpy as np

from motes.errors import MotesError
from motes.ir import Array, Graph, Node, Tensor
from motes.ops.linear import Weighted
from motes.passes.channels.kept import Flows, Masks, flows_of, kept, needed
from motes.passes.channels.settle import settle
from motes.passes.channels.ties import numbered


def drop_dead_channels(graph: Graph) -> Graph:
    """The graph without the channels that cannot make a difference; every output stays the same for every input.

    Forward, `settle` finds between which values each channel lies: one that is constant goes into the biases behind it.
    Backward, `needed` finds which channels are read with a weight that is not 0. What a node cannot do without is kept.
    """
    graph, intervals = settle(graph)
    flows = flows_of(graph, intervals)
    wanted = needed(flows)
    whole: set[Tensor] = set()
    while True:
        masks = kept(flows, wanted, whole)
        narrow = _Narrow(flows, wanted, masks)
        nodes = {node: narrow.node(node) for node in graph.nodes if any(masks[y].any() for y in node.outputs)}
        stubborn = [node for node, made in nodes.items() if made is None]
        if not stubborn:
            return dataclasses.replace(graph, nodes=tuple(n for n in nodes.values() if n is not None))
        whole.update(t for node in stubborn for t in (*node.pointers, *node.outputs))


class _Narrow:
    """Nodes over fewer channels."""

    def __init__(self, flows: Flows, wanted: Masks, masks: Masks) -> None:
        self._flows, self._wanted, self._masks = flows, wanted, masks
        self._made: dict[Tensor, Tensor] = {}

    def tensor(self, tensor: Tensor) -> Tensor:
        """The tensor with the channels that are kept."""
        mask = self._masks.get(tensor)
        if mask is None or mask.all():
            return tensor
        if tensor not in self._made:
            shape = (*tensor.shape[:-1], int(mask.sum()))
            data = None if tensor.data is None else np.ascontiguousarray(tensor.data[..., mask])
            self._made[tensor] = dataclasses.replace(tensor, shape=shape, data=data)
        return self._made[tensor]

    def node(self, node: Node) -> Node | None:
        """The node between such tensors; None where its operator does not serve them."""
        linear = self._flows.linears.get(node)
        if linear is not None:
            assert isinstance(node.op, Weighted)
            x, y = node.input(0), node.output
            left = linear.without(self._flows.of(x), self._flows.of(y), self._wanted[y])
            return node.op.rebuilt(
                node, self.tensor(x), self.tensor(y), left.of(self._masks[x], self._masks[y]), self._masks[y]
            )
        pairs = [(t, self.tensor(t)) for t in (*node.pointers, *node.outputs)]
        if all(a is b for a, b in pairs):
            return node
        made = dict(pairs)
        inputs = tuple(t if t is None else made.get(t, t) for t in node.inputs)
        smaller = dataclasses.replace(node, inputs=inputs, outputs=tuple(made[t] for t in node.outputs))
        if any(t.quant is not None and not t.quant.per_tensor for t, _ in pairs):
            return None
        try:
            smaller.op.check(smaller)
        except MotesError:
            return None
        return smaller if node.op.flow(node) != "moved" or self._moves_alike(node, smaller) else None

    def _moves_alike(self, node: Node, smaller: Node) -> bool:
        """Whether the elements that are kept are those that it would have made of the elements that are kept."""
        numbers: dict[Tensor, Array] = {}
        first = 1
        for x in dict.fromkeys(node.pointers):
            numbers[x] = np.arange(first, first + x.elements).reshape(x.shape)
            first += x.elements
        fewer = {self.tensor(x): self._left(x, v) for x, v in numbers.items()}
        expected = [self._left(y, v) for y, v in zip(node.outputs, numbered(node, numbers), strict=True)]
        return all(np.array_equal(a, b) for a, b in zip(expected, numbered(smaller, fewer), strict=True))

    def _left(self, tensor: Tensor, values: Array) -> Array:
        mask = self._masks[tensor]
        return values if mask.all() else values[..., mask]
