"""Lanes: nodes of a graph that do the same for one part of a tensor after the other, as unrolled steps do.

A lane has one node for each round. The lanes of one recurrence are found from the parts of a sequence onward: what
reads part t, what reads that, and so on; wherever every round has a node of one kind, these make a lane.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, deque
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from motes.ir import Control, Graph, Node, Tensor
from motes.ops.split.op import Split, Unpack

FEWEST = 4
"""Rounds that are worth a loop."""


@dataclass(frozen=True, eq=False)
class Parts:
    """A tensor that a node cuts into equal parts, which lie one behind the other."""

    node: Node
    whole: Tensor
    parts: tuple[Tensor, ...]
    axis: int


@dataclass(frozen=True, eq=False)
class Lane:
    """Nodes by round."""

    nodes: Mapping[int, Node]


@dataclass(frozen=True)
class Source:
    """Where an input of a lane comes from: output `output` of `lane`, `lag` rounds before; part round + `lag` of
    `parts` (counted down where the rounds go backwards); or `tensor`, in every round. An input that becomes a parameter
    comes from nowhere."""

    lane: Lane | None = None
    output: int = 0
    parts: Parts | None = None
    lag: int = 0
    tensor: Tensor | None = None


def parts_of(node: Node) -> Parts | None:
    """The parts of what a node cuts, if they lie one behind the other and are enough."""
    if not isinstance(node.op, Split | Unpack) or len(node.outputs) < FEWEST:
        return None
    whole = node.input(1 if isinstance(node.op, Split) else 0)
    if isinstance(node.op, Unpack):
        axis = node.op.axis % len(whole.shape)
    else:
        data = node.input(0).data
        assert data is not None, node
        axis = int(data.ravel()[0]) % len(whole.shape)
    return Parts(node, whole, node.outputs, axis) if math.prod(whole.shape[:axis]) == 1 else None


class Wiring:
    """Who makes and who reads each tensor of a graph, and which nodes are of one kind."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.order = {n: i for i, n in enumerate(graph.nodes)}
        self.makers = {t: (n, i) for n in graph.nodes for i, t in enumerate(n.outputs)}
        self.readers: dict[Tensor, list[tuple[Node, int]]] = {}
        for node in graph.nodes:
            for i, t in enumerate(node.inputs):
                if t is not None and t.data is None:
                    self.readers.setdefault(t, []).append((node, i))
        self.ends = {*graph.outputs, *(s.write for s in graph.states)}
        self._contents: dict[Tensor, bytes] = {}
        self._kinds: dict[Node, Hashable] = {}

    def kind(self, node: Node) -> Hashable:
        """Equal for nodes that differ in nothing but scales, zero points, and constants that become parameters."""
        if node not in self._kinds:
            ends = [self._end(node, i, t) for i, t in enumerate(node.inputs)]
            self._kinds[node] = (node.op, *ends, *((t.dtype, t.shape) for t in node.outputs))
        return self._kinds[node]

    def weights(self, node: Node) -> bytes:
        """The content of its largest constant: what tells apart nodes of one kind that read the same tensor."""
        constants = [t for t in node.inputs if t is not None and t.data is not None]
        return self._content(max(constants, key=lambda t: t.elements)) if constants else b""

    def _end(self, node: Node, index: int, tensor: Tensor | None) -> Hashable:
        if tensor is None:
            return None
        known = b"" if tensor.data is None or index in node.op.folded else self._content(tensor)
        return tensor.dtype, tensor.shape, tensor.data is None, known

    def _content(self, tensor: Tensor) -> bytes:
        if tensor not in self._contents:
            assert tensor.data is not None, tensor
            self._contents[tensor] = hashlib.sha256(tensor.data.tobytes()).digest()
        return self._contents[tensor]


def grow(wiring: Wiring, parts: Parts) -> list[list[Lane]]:
    """The lanes that follow from the parts, those that are connected together."""
    lanes: list[dict[int, Node]] = []
    place: dict[Node, tuple[int, int]] = {}  # node -> its lane, its round
    todo: deque[dict[int, Tensor]] = deque([dict(enumerate(parts.parts))])
    while todo:
        for members in _alike(wiring, todo.popleft(), parts.node):
            fresh = {t: n for t, n in members.items() if n not in place}
            if not fresh or len(members) < FEWEST:
                continue
            known = next(((t, *place[n]) for t, n in members.items() if n in place), None)
            index, shift = (known[1], known[2] - known[0]) if known else (len(lanes), 0)
            if known is None:
                lanes.append({})
            added = {t + shift: n for t, n in fresh.items() if t + shift not in lanes[index]}
            lanes[index] |= added
            place |= {n: (index, t) for t, n in added.items()}
            if added:
                outputs = len(next(iter(added.values())).outputs)
                todo += ({t: n.outputs[i] for t, n in lanes[index].items()} for i in range(outputs))
    return _connected(wiring, [Lane(nodes) for nodes in lanes])


def _alike(wiring: Wiring, series: Mapping[int, Tensor], but: Node) -> Iterator[dict[int, Node]]:
    """Readers of the tensors of a series that are of one kind, one for each round."""
    found: dict[Hashable, dict[int, Node]] = {}
    for t, tensor in series.items():
        seen: Counter[Hashable] = Counter()
        for node, i in wiring.readers.get(tensor, ()):
            if node is but or isinstance(node.op, Control):
                continue
            key = (wiring.kind(node), i, wiring.weights(node))
            found.setdefault((key, seen[key]), {})[t] = node
            seen[key] += 1
    yield from found.values()


def _connected(wiring: Wiring, lanes: Sequence[Lane]) -> list[list[Lane]]:
    """The lanes in groups, such that none reads what a lane of another group makes."""
    home = {n: i for i, lane in enumerate(lanes) for n in lane.nodes.values()}
    group = list(range(len(lanes)))
    for node, i in home.items():
        for t in node.inputs:
            maker = wiring.makers.get(t) if t is not None else None
            if maker and maker[0] in home and group[home[maker[0]]] != group[i]:
                old, new = group[home[maker[0]]], group[i]
                group = [new if g == old else g for g in group]
    return [[lane for lane, g in zip(lanes, group, strict=True) if g == one] for one in dict.fromkeys(group)]
