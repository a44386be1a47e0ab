"""Rows that a loop takes from a tensor, or writes into one, by a number that it counts: parts of that tensor."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from motes.ir import ALIGN, Array, Graph, Node, State, Tensor
from motes.ops.control.op import Part, Repeat
from motes.ops.control.rounds import each_round, needed
from motes.ops.gather.op import Gather
from motes.ops.update.op import DynamicUpdateSlice
from motes.ops.variables.op import Copy


def place_rows(graph: Graph) -> Graph:
    """The graph with loops that find the rows of a sequence where it lies, and leave the rows of another where it will.

    GATHER and DYNAMIC_UPDATE_SLICE of these rows are gone, as are the first values of a tensor all rows of which are
    written, and variables that nobody needs then.
    """
    read = {t for node in graph.nodes for t in node.inputs if t is not None}
    read.update(graph.outputs, (s.write for s in graph.states))
    nodes = (_Rows(n, n.op, read).placed() if isinstance(n.op, Repeat) and not n.op.fixed else n for n in graph.nodes)
    return dataclasses.replace(graph, nodes=tuple(nodes))


@dataclass
class _Rows:
    """A loop in the making: what moves from its variables to the parts that its rounds read and write."""

    node: Node
    op: Repeat
    read: set[Tensor]  # around the loop
    reads: list[tuple[Tensor, Tensor, Part]] = field(default_factory=list)  # inside, around, where
    writes: list[tuple[Tensor, Tensor, Part]] = field(default_factory=list)
    gone: set[State] = field(default_factory=set)

    def placed(self) -> Node:
        """The node with parts in the place of the variables that allow it."""
        (body,) = self.op.bodies
        uses = Counter(t for node in body.nodes for t in node.inputs)
        uses.update((*body.outputs, *(s.write for s in body.states)))
        nodes = list(body.nodes)
        for i, state in enumerate(body.states):
            using = [n for n in body.nodes if state.read in n.inputs]
            if state.write is state.read:
                self._take(i, state, using, nodes)
            elif len(using) == 1 and uses[state.write] == 1:
                self._leave(i, state, using[0], nodes)
        return self._finished(nodes) if self.gone else self.node

    def _take(self, i: int, state: State, using: Sequence[Node], nodes: list[Node]) -> None:
        """Rows of a tensor that is the same in all rounds."""
        around = self.node.input(i)
        if not using or self.node.outputs[i] in self.read or around.data is not None:
            return
        places = [self._part(n, n.input(1), state.read) if _takes_row(n, state.read) else None for n in using]
        found = [p for p in places if p is not None]
        if len(found) < len(places):
            return
        (body,) = self.op.bodies
        ends = {*body.outputs, *(s.write for s in body.states)}
        for node, part in zip(using, found, strict=True):
            if part.offset % ALIGN or part.step % ALIGN or node.output in ends:
                row = dataclasses.replace(node.output, name=f"{node.output.name}_row")
                nodes[nodes.index(node)] = Node(f"{node.name}_copy", Copy(), (row,), node.outputs, node.sources)
            else:
                row = node.output
                nodes.remove(node)
            self.reads.append((row, around, part))
        self.gone.add(state)

    def _leave(self, i: int, state: State, node: Node, nodes: list[Node]) -> None:
        """Rows of a tensor of which each round writes another, until all are written."""
        if not isinstance(node.op, DynamicUpdateSlice) or node.output is not state.write:
            return
        x, row, place = (node.input(k) for k in range(3))
        part = self._part(node, place, state.read)
        rows = state.read.shape[0]
        if x is not state.read or row is x or (1, *x.shape[1:]) != row.shape or part is None:
            return
        if self.op.count != rows or abs(part.step) * rows != x.nbytes * (rows > 1):
            return
        kept = dataclasses.replace(row, name=f"{row.name}_kept", data=None)
        nodes[nodes.index(node)] = Node(f"{node.name}_copy", Copy(), (row,), (kept,), node.sources)
        self.writes.append((kept, self.node.outputs[i], part))
        self.gone.add(state)

    def _part(self, node: Node, place: Tensor, whole: Tensor) -> Part | None:
        """The row that begins at `place`, the first of whose numbers counts rows; None where it is not known, the rows
        do not follow in equal steps, or one lies outside."""
        (body,) = self.op.bodies
        if place.data is not None:
            return None
        known = list(islice(each_round(body, self.node.inputs, [place]), self.op.count))
        numbers = [[int(v) for v in _flat(values, place)] for values in known]
        rows = [first for first, *_ in numbers]
        if len(rows) < self.op.count or any(any(rest) for _, *rest in numbers):
            return None
        step = rows[1] - rows[0] if len(rows) > 1 else 0
        even = all(row == rows[0] + k * step for k, row in enumerate(rows))
        if not even or not all(0 <= row < whole.shape[0] for row in rows):
            return None
        size = whole.nbytes // whole.shape[0]
        return Part(rows[0] * size, step * size)

    def _finished(self, nodes: Sequence[Node]) -> Node:
        """The node with the variables that are left and needed."""
        (body,) = self.op.bodies
        inputs, outputs = ([inside for inside, _, _ in parts] for parts in (self.reads, self.writes))
        made = dataclasses.replace(
            body, inputs=(*body.inputs, *inputs), outputs=(*body.outputs, *outputs), nodes=tuple(nodes)
        )
        kept = self._kept(made)
        ends = [*made.outputs, *(body.states[i].write for i in kept)]
        made = dataclasses.replace(made, nodes=needed(made, ends), states=tuple(body.states[i] for i in kept))
        count = len(body.states)
        op = dataclasses.replace(
            self.op,
            bodies=(made,),
            reads=(*self.op.reads, *(part for _, _, part in self.reads)),
            writes=(*self.op.writes, *(part for _, _, part in self.writes)),
        )
        return dataclasses.replace(
            self.node,
            op=op,
            inputs=(
                *(self.node.inputs[i] for i in kept),
                *self.node.inputs[count:],
                *(around for _, around, _ in self.reads),
            ),
            outputs=(
                *(self.node.outputs[i] for i in kept),
                *self.node.outputs[count:],
                *(around for _, around, _ in self.writes),
            ),
        )

    def _kept(self, body: Graph) -> list[int]:
        """The variables that are needed behind the loop, or for what is."""
        left = [i for i, s in enumerate(body.states) if s not in self.gone]
        kept = {i for i in left if self.node.outputs[i] in self.read}
        while True:
            ends = [*body.outputs, *(body.states[i].write for i in kept)]
            read = {t for node in needed(body, ends) for t in node.inputs} | {*ends}
            more = {i for i in left if body.states[i].read in read}
            if more <= kept:
                return sorted(kept)
            kept |= more


def _takes_row(node: Node, whole: Tensor) -> bool:
    """Whether a node makes one row of a tensor, and uses that tensor for nothing else."""
    op = node.op
    return (
        isinstance(op, Gather)
        and node.input(0) is whole
        and node.input(1) is not whole
        and node.input(1).elements == 1
        and op.batch_dims == 0
        and op.axis in (0, -len(whole.shape))
    )


def _flat(values: Mapping[Tensor, Array], tensor: Tensor) -> Array:
    return values[tensor].ravel()
