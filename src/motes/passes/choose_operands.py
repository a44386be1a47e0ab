"""Where an operator wants a constant and gets a computed value: a choice between what that may be."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from motes.ir import Array, DType, Graph, Node, Op, Tensor
from motes.operands import Form, forms, unsettled
from motes.ops.compare.op import Compare
from motes.ops.control.bodies import substituted
from motes.ops.control.op import If
from motes.ops.logical.op import Logical
from motes.ops.reduce.op import ReduceAll, ReduceAny


def choose_operands(graph: Graph) -> Graph:
    """The graph with constants for computed inputs that can have one value only, and with an IF between all forms of a
    node whose computed inputs can have several. Values that none of these expects choose the last form."""
    nodes = [made for node in graph.nodes for made in (_chosen(node) if unsettled(node) else [node])]
    return dataclasses.replace(graph, nodes=tuple(nodes))


def _chosen(node: Node) -> Iterator[Node]:
    first, *others = forms(node)
    if not others:
        yield first.node
        return
    operands = [node.input(i) for i in unsettled(node)]
    yield from _choice(node, operands, [first, *others])


def _choice(node: Node, operands: Sequence[Tensor], left: Sequence[Form]) -> Iterator[Node]:
    """The nodes that run one of the forms that are left, between the tensors of `node`."""
    first, *others = left
    if not others:
        yield first.node
        return
    *conditions, last = _conditions(node, operands, first.values)
    yield from (*conditions, last)
    read = tuple(dict.fromkeys(t for t in node.inputs if t is not None and t.data is None))
    bodies = (_body(node, read, [first.node], "this"), _body(node, read, [*_choice(node, operands, others)], "other"))
    inputs = (last.output, *read)
    yield dataclasses.replace(node, op=If(bodies).settled(inputs), inputs=inputs)


def _body(node: Node, read: Sequence[Tensor], nodes: Sequence[Node], name: str) -> Graph:
    """The nodes as a graph of its own, whose inputs stand for `read`."""
    known = {t: dataclasses.replace(t, name=f"{t.name}_{name}") for t in (*read, *node.outputs)}
    graph = Graph(f"{node.name}_{name}", tuple(known[t] for t in read), node.outputs, tuple(nodes))
    return substituted(graph, known)


def _conditions(node: Node, operands: Sequence[Tensor], values: Sequence[tuple[Array, ...]]) -> list[Node]:
    """Nodes of which the last computes whether the operands hold one of these lists of values."""
    nodes: list[Node] = []

    def add(op: Op, inputs: tuple[Tensor, ...], shape: tuple[int, ...]) -> Tensor:
        name = f"{node.name}_is_{len(nodes)}"
        nodes.append(Node(name, op, inputs, (Tensor(name, shape, DType.BOOL),), node.sources))
        return nodes[-1].output

    def constant(what: str, data: Array, dtype: DType) -> Tensor:
        return Tensor(f"{node.name}_{what}_{len(nodes)}", data.shape, dtype, None, data.astype(dtype.numpy))

    whole: Tensor | None = None
    for i, operand in enumerate(operands):
        rows = np.stack([v[i].reshape(operand.shape or (1,)) for v in values])
        equal = add(Compare("EQUAL"), (operand, constant("values", rows, operand.dtype)), rows.shape)
        axes = constant("axes", np.arange(1, rows.ndim), DType.INT32)
        same = add(ReduceAll(), (equal, axes), rows.shape[:1])
        whole = same if whole is None else add(Logical(either=False), (whole, same), same.shape)
    assert whole is not None, node
    add(ReduceAny(), (whole, constant("axes", np.zeros(1), DType.INT32)), ())
    return nodes
