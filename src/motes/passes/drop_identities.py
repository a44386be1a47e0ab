"""Drop what moves nothing: needless reshapes, transposes that cancel, slices of everything, pads by nothing."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np

from motes.ir import DType, Graph, Node, Tensor
from motes.ops.reshape.op import Reshape
from motes.ops.transpose.op import Transpose


def drop_identities(graph: Graph) -> Graph:
    """The graph without nodes that only copy an input; where its shape or scale changes, a RESHAPE remains.

    Each operator says whether it copies: see `Op.copies`. A RESHAPE of a RESHAPE reads the first one's input, a
    TRANSPOSE of a TRANSPOSE becomes one. Outputs of the graph, and what states write, stay what they are.
    """
    ends = {*graph.outputs, *(state.write for state in graph.states)}
    readers = Counter(t for node in graph.nodes for t in dict.fromkeys(node.inputs) if t is not None)
    made_by: dict[Tensor, Node] = {}
    same: dict[Tensor, Tensor] = {}  # what is dropped -> what is read instead
    nodes: list[Node] = []
    for node in graph.nodes:
        if not same.keys().isdisjoint(node.inputs):
            node = dataclasses.replace(node, inputs=tuple(t and same.get(t, t) for t in node.inputs))
        node = _joined(node, made_by, readers)
        copied = node.op.copies(node)
        x = None if copied is None else node.input(copied)
        if x is not None and x.data is None and x.dtype is node.output.dtype:
            x = _root(x, made_by)
            y = node.output
            if y not in ends and (x.shape, x.quant) == (y.shape, y.quant):
                same[y] = x
                continue
            node = dataclasses.replace(node, op=Reshape(), inputs=(x,))
        made_by |= dict.fromkeys(node.outputs, node)
        nodes.append(node)
    return dataclasses.replace(graph, nodes=tuple(nodes))


def _root(x: Tensor, made_by: dict[Tensor, Node]) -> Tensor:
    """The tensor whose bytes `x` holds under another shape, or itself. There are never two reshapes in a row."""
    before = made_by.get(x)
    return before.input(0) if before is not None and isinstance(before.op, Reshape) else x


def _joined(node: Node, made_by: dict[Tensor, Node], readers: Counter[Tensor]) -> Node:
    """A TRANSPOSE of a TRANSPOSE that nothing else reads as one node; any other node as it is."""
    if not isinstance(node.op, Transpose):
        return node
    before = made_by.get(node.input(0))
    if before is None or not isinstance(before.op, Transpose):
        return node
    first, second = before.input(1).data, node.input(1).data
    assert first is not None and second is not None, node
    order = Tensor(f"{node.name}_order", second.shape, DType.INT32, None, first[second].astype(np.int32))
    joined = dataclasses.replace(node, inputs=(before.input(0), order), sources=(*before.sources, *node.sources))
    alone = readers[before.output] == 1
    return joined if alone or joined.op.copies(joined) is not None else node
