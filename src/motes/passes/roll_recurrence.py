"""Roll the steps of an unrolled recurrent layer back into one loop."""

from __future__ import annotations

import dataclasses
import heapq
import math
from collections.abc import Sequence

import numpy as np

from motes.ir import ALIGN, DType, Graph, Node, State, Tensor
from motes.ops.concatenation.op import Concatenation, Pack
from motes.ops.control.op import Part, Repeat
from motes.ops.reshape.op import Reshape
from motes.ops.slice.op import Slice
from motes.ops.variables.op import Copy
from motes.passes.recurrence.lanes import Lane, Source, Wiring, grow, parts_of
from motes.passes.recurrence.rounds import Rounds, rounds_of


def roll_recurrence(graph: Graph) -> Graph:
    """The graph with loops in the place of the steps of LSTM, GRU and the like, which converters unroll.

    A step is whatever nodes come again for every part of a sequence: which layer they once were plays no role. Steps
    may differ in scales, zero points and biases, as after quantization; those become tables with an entry a round. The
    first and the last steps often lack a part, and stay as they are.
    """
    unrolled = graph
    while (rolled := _rolled_once(graph)) is not None:
        graph = rolled
    return graph if graph is unrolled else _without_idle_parts(graph, unrolled)


def _rolled_once(graph: Graph) -> Graph | None:
    """The graph with one loop more; None: there is none to be made."""
    for parts in filter(None, map(parts_of, graph.nodes)):
        wiring = Wiring(graph)
        for lanes in grow(wiring, parts):
            for rounds in rounds_of(wiring, lanes, parts):
                rolled = _Loop(wiring, rounds).graph()
                if rolled is not None:
                    return rolled
    return None


def _without_idle_parts(graph: Graph, unrolled: Graph) -> Graph:
    """The graph without parts that nobody takes any more: a slice for each that is left."""
    now, before = Wiring(graph), Wiring(unrolled)
    nodes: list[Node] = []
    for node in graph.nodes:
        parts = parts_of(node)
        taken = [i for i, t in enumerate(node.outputs) if t in now.ends or t in now.readers]
        if parts is None or all(t in now.readers for t in node.outputs if t in before.readers):
            nodes.append(node)
        else:
            cuts = (_cut(f"{node.name}_cut_{i}", parts.whole, parts.axis, i, parts.parts[i]) for i in taken)
            nodes += (n for cut in cuts for n in cut)
    return dataclasses.replace(graph, nodes=tuple(nodes))


class _Loop:
    """A loop in the making.

    The body is made of the nodes of the first round, with tensors of its own. The last round's tensors are what the
    loop leaves behind.
    """

    def __init__(self, wiring: Wiring, rounds: Rounds) -> None:
        self.wiring, self.rounds = wiring, rounds
        self.nodes = {lane: rounds.nodes(lane) for lane in rounds.lanes}
        self.gone = {n for nodes in self.nodes.values() for n in nodes}
        self.lanes = sorted(self.nodes, key=lambda lane: wiring.order[self.nodes[lane][0]])
        self.name = f"{self.nodes[self.lanes[0]][0].name}_loop"
        made = [t for nodes in self.nodes.values() for t in nodes[0].outputs]
        self.inside = {t: dataclasses.replace(t) for t in made}  # the first round's tensors -> the body's
        self.body: list[Node] = []
        self.states: dict[tuple[Lane, int], tuple[Tensor, Tensor]] = {}  # what the body reads; its first value
        self.inputs: dict[Source, tuple[Tensor, Tensor, Part]] = {}  # of the body, what it is a part of, which part
        self.outputs: list[tuple[Tensor, Tensor, Part]] = []
        self.behind: list[Node] = []
        self.packed: dict[Node, list[Node]] = {}

    def graph(self) -> Graph | None:
        """The whole graph with the loop in it; None where something around needs the loop and is needed by it, or so
        much of it is read outside that nothing is won."""
        rounds: dict[Node, tuple[Node, ...]] = {}
        for lane in self.lanes:
            node = self.nodes[lane][0]
            inputs = tuple(self._input(t, self.rounds.sources[lane, i]) for i, t in enumerate(node.inputs))
            outputs = tuple(self.inside[t] for t in node.outputs)
            self.body.append(dataclasses.replace(node, inputs=inputs, outputs=outputs))
            rounds[self.body[-1]] = self.nodes[lane]
        for lane in self.lanes:
            for i in range(len(self.nodes[lane][0].outputs)):
                self._leave(lane, i)
        states = [(read, self.inside[self.nodes[lane][0].outputs[i]]) for (lane, i), (read, _) in self.states.items()]
        if 2 * len(self.behind) > len(self.gone) or any(
            (read.shape, read.dtype) != (write.shape, write.dtype) for read, write in states
        ):
            return None
        return self._around(self._loop(states, rounds))

    def _input(self, tensor: Tensor | None, source: Source) -> Tensor | None:
        """What the body reads where the first round reads `tensor`."""
        if tensor is None or tensor.data is not None:
            return tensor
        if source.lane and not source.lag:
            return self.inside[tensor]
        if source.lane:
            new = dataclasses.replace(tensor, name=f"{tensor.name}_before", data=None)
            return self.states.setdefault((source.lane, source.output), (new, tensor))[0]
        if source not in self.inputs:
            new = dataclasses.replace(tensor, name=f"{tensor.name}_now", data=None)
            if source.parts:
                size = tensor.nbytes
                first = source.parts.parts.index(tensor) * size
                around, part = source.parts.whole, Part(first, -size if self.rounds.backwards else size)
            else:
                around, part = tensor, Part(0, 0)
            self.inputs[source] = (new, around, part)
        return self._aligned(*self.inputs[source])

    def _aligned(self, tensor: Tensor, around: Tensor, part: Part) -> Tensor:
        """The part, or a copy of it where parts do not lie where tensors may."""
        if not part.step % ALIGN:
            return tensor
        name = f"{tensor.name}_aligned"
        known = next((n.output for n in self.body if n.output.name == name), None)
        if known is None:
            known = dataclasses.replace(tensor, name=name)
            self.body.append(Node(f"copy_{len(self.body)}", Copy(), (tensor,), (known,)))
        return known

    def _leave(self, lane: Lane, index: int) -> None:
        """Keep what is read outside: what the last round makes, or what all rounds make."""
        made = [n.outputs[index] for n in self.nodes[lane]]
        inside = self.inside[made[0]]
        used = [t for t in made if t in self.wiring.ends or self._readers(t)]
        last = (lane, index) in self.states
        if not used or (last and used == made[-1:]):
            return
        if used == made[-1:]:
            self.outputs.append((inside, made[-1], Part(0, 0)))
            return
        size = inside.nbytes
        whole = Tensor(f"{inside.name}_all", (len(made), *inside.shape), inside.dtype, inside.quant)
        readers = dict.fromkeys(n for t in used for n in self._readers(t))
        ordered, part = made, Part(0, size)
        name = f"{self.name}_piece_{len(self.outputs)}"
        if any(_joined(name, n, made[::-1], whole) for n in readers):
            ordered, part = made[::-1], Part((len(made) - 1) * size, -size)
        if size % ALIGN:
            copy = dataclasses.replace(inside, name=f"{inside.name}_kept")
            self.body.append(Node(f"copy_{len(self.body)}", Copy(), (inside,), (copy,)))
            inside = copy
        self.outputs.append((inside, whole, part))
        joins = set()  # the nodes that take the whole instead of parts
        for node in readers:
            joined = [] if node in self.packed else _joined(name, node, ordered, whole)
            if joined:
                self.packed[node] = joined
                joins.add(node)
        for i, t in enumerate(ordered):
            needed = t in self.wiring.ends or any(n not in joins for n in self._readers(t))
            if needed and not (last and t is made[-1]):
                self.behind += _cut(f"{self.name}_cut_{len(self.outputs)}_{i}", whole, 0, i, t)

    def _readers(self, tensor: Tensor) -> list[Node]:
        """The nodes outside of the loop that read a tensor."""
        return [n for n, _ in self.wiring.readers.get(tensor, ()) if n not in self.gone]

    def _loop(self, states: Sequence[tuple[Tensor, Tensor]], rounds: dict[Node, tuple[Node, ...]]) -> Node:
        finals = [self.nodes[lane][-1].outputs[i] for lane, i in self.states]
        body = Graph(
            self.name,
            tuple(new for new, _, _ in self.inputs.values()),
            tuple(inside for inside, _, _ in self.outputs),
            tuple(self.body),
            tuple(State(r.name, np.zeros(r.shape, r.dtype.numpy), r, w) for r, w in states),
        )
        reads, writes = (tuple(part for _, _, part in x) for x in (self.inputs.values(), self.outputs))
        op = Repeat((body,), self.rounds.count, reads, writes, {**dict.fromkeys(self.body, ()), **rounds})
        inputs = (*(first for _, first in self.states.values()), *(whole for _, whole, _ in self.inputs.values()))
        sources = sorted({i for nodes in self.nodes.values() for i in nodes[0].sources})
        return Node(self.name, op, inputs, (*finals, *(whole for _, whole, _ in self.outputs)), tuple(sources))

    def _around(self, loop: Node) -> Graph | None:
        """The graph: the loop and what is left, in an order in which it can run."""
        wiring = self.wiring
        at = wiring.order[self.nodes[self.lanes[-1]][-1]]
        placed = [(at, n) for n in (loop, *self.behind)]
        for i, node in enumerate(wiring.graph.nodes):
            placed += [(i, n) for n in self.packed.get(node, [node]) if n not in self.gone]
        nodes = _in_order(sorted(placed, key=lambda pair: pair[0]))
        return None if nodes is None else dataclasses.replace(wiring.graph, nodes=nodes)


def _cut(name: str, whole: Tensor, axis: int, index: int, part: Tensor) -> list[Node]:
    """Nodes that make `part`, number `index` of the equal parts of `whole` along an axis."""
    length = part.elements * whole.shape[axis] // whole.elements
    shape = tuple(length if i == axis else n for i, n in enumerate(whole.shape))
    begin = [index * length if i == axis else 0 for i in range(len(shape))]
    piece = dataclasses.replace(part, name=f"{part.name}_cut", shape=shape)
    numbers = [
        Tensor(f"{name}_{what}", (len(shape),), DType.INT32, None, np.array(values, np.int32))
        for what, values in (("begin", begin), ("size", shape))
    ]
    cut = Node(name, Slice(), (whole, *numbers), (piece,))
    return [cut, Node(f"{name}_shape", Reshape(), (piece,), (part,))]


def _joined(name: str, node: Node, parts: Sequence[Tensor], whole: Tensor) -> list[Node]:
    """Nodes that do what PACK or CONCATENATION does of these parts, and of others, with all of them in one tensor;
    none where they do not lie one behind the other."""
    if not isinstance(node.op, Pack | Concatenation) or not node.outputs[0].shape:
        return []
    y = node.output
    axis = node.op.axis % len(y.shape)
    starts = [i for i, t in enumerate(node.inputs) if t is parts[0]]
    if math.prod(y.shape[:axis]) != 1 or len(starts) != 1:
        return []
    start = starts[0]
    if node.inputs[start : start + len(parts)] != tuple(parts):
        return []
    nodes: list[Node] = []
    pieces: list[Tensor] = []
    for i, t in enumerate((*node.inputs[:start], whole, *node.inputs[start + len(parts) :])):
        assert t is not None, node
        length = t.elements * y.shape[axis] // y.elements
        piece = dataclasses.replace(t, name=f"{t.name}_piece", shape=(*y.shape[:axis], length, *y.shape[axis + 1 :]))
        nodes.append(Node(f"{name}_{node.name}_{i}", Reshape(), (t,), (piece,)))
        pieces.append(piece)
    if len(pieces) == 1:
        return [dataclasses.replace(nodes[0], outputs=(y,))]
    return [*nodes, Node(node.name, Concatenation(axis), tuple(pieces), (y,), node.sources)]


def _in_order(placed: Sequence[tuple[int, Node]]) -> tuple[Node, ...] | None:
    """The nodes, given about in order, each behind what it reads; None: they need each other."""
    number = {n: i for i, (_, n) in enumerate(placed)}
    makers = {t: n for n in number for t in n.outputs}
    needs = {n: {makers[t] for t in n.inputs if t in makers} for n in number}
    feeds: dict[Node, list[Node]] = {}
    for n, before in needs.items():
        for m in before:
            feeds.setdefault(m, []).append(n)
    missing = {n: len(before) for n, before in needs.items()}
    nodes = [n for _, n in placed]
    ready = [number[n] for n in nodes if not missing[n]]
    heapq.heapify(ready)
    done: list[Node] = []
    while ready:
        done.append(nodes[heapq.heappop(ready)])
        for n in feeds.get(done[-1], ()):
            missing[n] -= 1
            if not missing[n]:
                heapq.heappush(ready, number[n])
    return tuple(done) if len(done) == len(nodes) else None
