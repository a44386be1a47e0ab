"""Subgraphs of a file as bodies: what is known around them put in, and every output computed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from motes.ir import Graph, Node, Op, State, Tensor
from motes.ops.variables.op import Copy


@runtime_checkable
class Settles(Protocol):
    """An operator whose bodies depend on which of its inputs are constants."""

    def settled(self, inputs: Sequence[Tensor | None]) -> Op:
        """The operator between these inputs."""


def with_constants(body: Graph, around: Sequence[Tensor | None], inputs: Sequence[Tensor]) -> Graph:
    """The body with a constant for each of `inputs` whose counterpart `around` it is one: converters hand weights to
    subgraphs in this way. It keeps its inputs, which nothing reads then."""
    known = {
        inside: dataclasses.replace(inside, data=outside.data.reshape(inside.shape))
        for inside, outside in zip(inputs, around, strict=False)
        if outside is not None and outside.data is not None and alike(inside, outside)
    }
    return substituted(body, known) if known else body


def alike(inside: Tensor, outside: Tensor) -> bool:
    """Whether the bytes of one are a value of the other."""
    return inside.dtype is outside.dtype and inside.elements == outside.elements


def substituted(graph: Graph, known: Mapping[Tensor, Tensor]) -> Graph:
    """The graph with other tensors in the place of those in `known`."""
    nodes = []
    for node in graph.nodes:
        inputs = tuple(None if t is None else known.get(t, t) for t in node.inputs)
        outputs = tuple(known.get(t, t) for t in node.outputs)
        if (inputs, outputs) != (node.inputs, node.outputs):
            op = node.op.settled(inputs) if isinstance(node.op, Settles) else node.op
            node = dataclasses.replace(node, inputs=inputs, outputs=outputs, op=op)
        nodes.append(node)
    return dataclasses.replace(graph, nodes=tuple(nodes), outputs=tuple(known.get(t, t) for t in graph.outputs))


def computed(graph: Graph) -> Graph:
    """The graph with outputs that it computes, each another one: copies of inputs, of constants, of one twice."""
    outputs, copies = _copied(graph, [(t, t) for t in graph.outputs], distinct=True)
    return dataclasses.replace(graph, nodes=(*graph.nodes, *copies), outputs=outputs)


def with_variables(body: Graph) -> Graph:
    """A body of which each output is the next value of an input: both become a state, in the same order.

    An output that is its own input makes a state that is never written.
    """
    pairs = list(zip(body.inputs, body.outputs, strict=True))
    made, copies = _copied(body, [(new, old) for old, new in pairs if new is not old], distinct=False)
    written = iter(made)
    states = tuple(
        State(old.name, np.zeros(old.shape, old.dtype.numpy), old, old if new is old else next(written))
        for old, new in pairs
    )
    return Graph(body.name, (), (), (*body.nodes, *copies), states)


def _copied(
    graph: Graph, wanted: Sequence[tuple[Tensor, Tensor]], *, distinct: bool
) -> tuple[tuple[Tensor, ...], tuple[Node, ...]]:
    """Each first tensor, in the shape of the second: a copy where it has another one, where no node computes it and,
    if they are to be distinct, where it came before."""
    made = {t for node in graph.nodes for t in node.outputs}
    found: list[Tensor] = []
    copies: list[Node] = []
    for tensor, like in wanted:
        if tensor not in made or tensor.shape != like.shape or (distinct and tensor in found):
            copy = dataclasses.replace(like, name=f"{tensor.name}_copy_{len(copies)}", dtype=tensor.dtype, data=None)
            copies.append(Node(f"copy_{len(copies)}_{graph.name}", Copy(), (tensor,), (copy,)))
            tensor = copy
        found.append(tensor)
    return tuple(found), tuple(copies)
