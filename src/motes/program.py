"""A graph with its kernels chosen: calls and blocks, a tree."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motes.ir import Array, Control, Graph, Kernel, Node, Params


@dataclass(frozen=True)
class Call:
    """One kernel at work on one node; in a loop whose rounds differ, `rounds` is the node as it is in each."""

    node: Node
    kernel: Kernel
    rounds: tuple[Node, ...] = ()

    @property
    def params(self) -> Params:
        """The fields of the kernel's parameter struct for this node."""
        return self._rows[0] if self.kernel.together else self._params(self.node)

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
            return [self._params(node) for node in self.rounds]
        found = self.kernel.together(self.rounds)
        assert found is not None, self
        return found

    def _params(self, node: Node) -> Params:
        return (self.kernel.params or node.op.params)(node)

    @property
    def scratch(self) -> int:
        """Bytes of working memory."""
        return self.kernel.scratch(self.node) if self.kernel.scratch else 0

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


@dataclass(frozen=True)
class Program:
    """A graph with a kernel chosen for every node, in order of execution; a tree, since blocks hold programs."""

    graph: Graph
    calls: tuple[Call | Block, ...]

    def walk(self, within: str = "", runs: int = 1) -> Iterator[tuple[str, Call | Block, int]]:
        """Every call of the tree, those of bodies behind their block: a name that no other has, and how often it runs
        in one execution."""
        for call in self.calls:
            name = within + call.node.name
            yield name, call, runs
            if isinstance(call, Block):
                for i, body in enumerate(call.bodies):
                    yield from body.walk(f"{name}_{i}_", runs * call.op.runs(i))
