"""A graph with its kernels chosen: calls and blocks, a tree."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motes.ir import Array, Control, Graph, Kernel, Node, Params, Tensor


@dataclass(frozen=True)
class Call:
    """One kernel at work on one node; in a loop whose rounds differ, `rounds` is the node as it is in each.

    Fewer rounds than the loop has: in the others there is nothing to do.
    """

    node: Node
    kernel: Kernel
    rounds: tuple[Node, ...] = ()

    @property
    def params(self) -> Params:
        """The fields of the kernel's parameter struct for this node."""
        return self._rows[0] if self.rounds else self._params(self.node)

    @property
    def columns(self) -> dict[str, tuple[int | float | Array, ...]]:
        """The fields that are not the same in all rounds, with their values round by round."""
        rows = self._rows
        found = {name: tuple(row[name] for row in rows) for name in (rows[0] if rows else ())}
        return {name: v for name, v in found.items() if any(not np.array_equal(x, v[0]) for x in v[1:])}

    @property
    def _rows(self) -> Sequence[Params]:
        """The fields in each round."""
        if self.kernel.together is None:
            known = {node: self._params(node) for node in dict.fromkeys(self.rounds)}
            return [known[node] for node in self.rounds]
        found = self.kernel.together(self.rounds)
        assert found is not None, self
        return found

    def _params(self, node: Node) -> Params:
        return (self.kernel.params or node.op.params)(node)

    @property
    def scratch(self) -> int:
        """Bytes of working memory."""
        nodes = dict.fromkeys(self.rounds or (self.node,))
        return max(map(self.kernel.scratch, nodes)) if self.kernel.scratch else 0

    @property
    def macs(self) -> int:
        """Multiply-accumulates, those of all rounds together."""
        return sum(node.op.macs(node) for node in self.rounds or (self.node,))

    @property
    def in_place(self) -> frozenset[tuple[int, int]]:
        """Pairs (output, pointer input) that may start at one address, in every round."""
        pairs = [frozenset(self.kernel.in_place(node)) for node in dict.fromkeys(self.rounds or (self.node,))]
        return frozenset.intersection(*pairs) | ({(0, 0)} if self.node.op.view else set())

    @property
    def ahead(self) -> tuple[tuple[Tensor, Tensor, int], ...]:
        """As `Kernel.ahead`."""
        return () if self.rounds else self.kernel.ahead(self.node)

    @property
    def header(self) -> Path:
        """The file that holds the kernel: beside its operator's Python, or among the common ones."""
        beside = Path(inspect.getfile(type(self.node.op))).parent / self.kernel.source
        return beside if beside.exists() else Path(__file__).resolve().parent / "c" / self.kernel.source


@dataclass(frozen=True)
class Block:
    """A node that runs programs: those of its operator's bodies."""

    node: Node
    bodies: tuple[Program, ...]

    @property
    def op(self) -> Control:
        """The node's operator."""
        assert isinstance(self.node.op, Control), self.node
        return self.node.op

    @property
    def ahead(self) -> tuple[tuple[Tensor, Tensor, int], ...]:
        """As `Kernel.ahead`."""
        return self.op.ahead(self.node)

    def within(self, name: str, body: int) -> str:
        """What the names of calls of a body begin with, in a tree where the block itself has this name."""
        return f"{name}_{body}_" if self.op.names_inside else ""


@dataclass(frozen=True)
class Program:
    """A graph with a kernel chosen for every node, in order of execution; a tree, since blocks hold programs."""

    graph: Graph
    calls: tuple[Call | Block, ...]

    @property
    def tensors(self) -> Iterator[Tensor]:
        """What the calls read and make, and both ends of the graph: every tensor once, in order of first appearance."""
        graph = self.graph
        found = [*graph.inputs, *(s.read for s in graph.states)]
        for call in self.calls:
            found += [t for t in (*call.node.inputs, *call.node.outputs) if t is not None]
        yield from dict.fromkeys((*found, *graph.outputs, *(s.write for s in graph.states)))

    @property
    def within(self) -> Iterator[Program]:
        """This program, and all that its blocks run."""
        yield self
        for call in self.calls:
            if isinstance(call, Block):
                for body in call.bodies:
                    yield from body.within

    def walk(self, within: str = "", runs: int = 1, times: int = 1) -> Iterator[tuple[str, Call | Block, int]]:
        """Every call of the tree, those of bodies behind their block: a name that no other has, and how often it runs
        in one execution.

        Args:
            within: what the names begin with.
            runs: how often what is around the program runs.
            times: how often it runs the program each time.
        """
        for call in self.calls:
            name = within + call.node.name
            if isinstance(call, Block):
                yield name, call, runs * times
                for i, body in enumerate(call.bodies):
                    yield from body.walk(call.within(name, i), runs * times, call.op.runs(i))
            else:
                yield name, call, runs * (len(call.rounds) or times)
