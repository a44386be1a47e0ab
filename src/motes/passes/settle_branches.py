"""Put in the place of IF and WHILE what they come down to, where their condition is known."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from motes.ir import Array, Graph, Node, Tensor
from motes.ops.control.bodies import substituted
from motes.ops.control.op import If, While
from motes.ops.variables.op import Copy


def settle_branches(graph: Graph) -> Graph:
    """The graph with the nodes of the branch that is taken instead of an IF whose condition is constant, and copies of
    its inputs instead of a WHILE whose condition is false from the beginning."""
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes += _settled(node)
    return dataclasses.replace(graph, nodes=tuple(nodes))


def _settled(node: Node) -> Sequence[Node]:
    if isinstance(node.op, If):
        condition = node.input(0).data
        if condition is not None:
            taken = node.op.bodies[0 if condition.all() else 1]
            return list(_inlined(node, taken, [node.input(i) for i in range(1, len(node.inputs))]))
    if isinstance(node.op, While):
        condition = value_of(node.op.bodies[0], [t.data for t in node.inputs if t is not None])
        if condition is not None and not condition.all():
            return [_copy(node, i, node.input(i), y) for i, y in enumerate(node.outputs)]
    return [node]


def value_of(graph: Graph, inputs: Sequence[Array | None]) -> Array | None:
    """The first output of a graph, where it follows from the inputs that are known."""
    ends = zip(graph.inputs, inputs, strict=True)
    known = {t: dataclasses.replace(t, data=x.reshape(t.shape)) for t, x in ends if x is not None}
    for node in graph.nodes:
        inside = tuple(None if t is None else known.get(t, t) for t in node.inputs)
        made = node.op.fold(dataclasses.replace(node, inputs=inside))
        if made is not None:
            known |= {t: dataclasses.replace(t, data=x) for t, x in zip(node.outputs, made, strict=True)}
    output = graph.outputs[0]
    return known[output].data if output in known else None


def _inlined(node: Node, body: Graph, inputs: Sequence[Tensor]) -> Iterator[Node]:
    """The nodes of a body between the tensors around it; a copy where these are not quite the same."""
    known, behind = {}, []
    for i, (inside, around) in enumerate(zip(body.inputs, inputs, strict=True)):
        known[inside] = around
        if not _same(inside, around):
            known[inside] = dataclasses.replace(inside, name=f"{node.name}_{inside.name}")
            yield _copy(node, i, around, known[inside])
    for i, (inside, around) in enumerate(zip(body.outputs, node.outputs, strict=True)):
        if _same(inside, around):
            known[inside] = around
        else:
            behind.append(_copy(node, len(inputs) + i, inside, around))
    for inner in substituted(body, known).nodes:
        yield dataclasses.replace(inner, name=f"{node.name}_{inner.name}", sources=(*node.sources, *inner.sources))
    yield from behind


def _same(inside: Tensor, around: Tensor) -> bool:
    return (inside.shape, inside.quant) == (around.shape, around.quant)


def _copy(node: Node, index: int, source: Tensor, to: Tensor) -> Node:
    return Node(f"{node.name}_copy_{index}", Copy(), (source,), (to,), node.sources)
