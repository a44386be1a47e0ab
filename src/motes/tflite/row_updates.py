"""A row of a tensor replaced in the way in which TensorFlow's converter writes it in the loops of recurrent layers.

It joins the rows before, the new row and the rows behind: parts whose sizes are computed, of which the first and the
last may be empty. That is one DYNAMIC_UPDATE_SLICE, without tensors of changing size.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from motes.ir import Graph, Node, Tensor
from motes.names import Names
from motes.ops.add.op import Add
from motes.ops.concatenation.op import Concatenation
from motes.ops.reshape.op import Reshape
from motes.ops.slice.op import Slice, SliceAt
from motes.ops.update.op import DynamicUpdateSlice

Makers = Mapping[Tensor, Node]


def with_row_updates(graph: Graph, names: Names) -> Graph:
    """The graph with a DYNAMIC_UPDATE_SLICE for each CONCATENATION of x[:i], a row, and x[i + 1:].

    Rows i that x does not have make TensorFlow Lite stop with an error; here they are moved to where it has one.
    """
    makers = {t: node for node in graph.nodes for t in node.outputs}
    nodes: list[Node] = []
    joined: set[Node] = set()
    for node in graph.nodes:
        found = _row_update(makers, node)
        if found is None:
            nodes.append(node)
        else:
            nodes += found.nodes(node, names)
            joined |= {found.before, found.behind}
    if not joined:
        return graph
    read = {*graph.outputs, *(t for node in nodes for t in node.inputs if t is not None)}
    left = tuple(n for n in nodes if n not in joined or not read.isdisjoint(n.outputs))
    return dataclasses.replace(graph, nodes=left)


@dataclass(frozen=True)
class _RowUpdate:
    """Row `index`, a tensor of one number, of `x` becomes `row`; `before` and `behind` cut out the other rows."""

    x: Tensor
    row: Tensor
    index: Tensor
    before: Node
    behind: Node

    def nodes(self, node: Node, names: Names) -> list[Node]:
        """What does the same as `node`, the CONCATENATION."""
        sources = tuple(sorted({*self.before.sources, *self.behind.sources, *node.sources}))
        made, place = [], self.index
        rank = len(self.x.shape)
        if rank > 1:
            zeros = np.zeros(rank - 1, self.index.dtype.numpy)
            rest = Tensor(names(f"{node.output.name}_rest"), zeros.shape, self.index.dtype, None, zeros)
            place = Tensor(names(f"{node.output.name}_place"), (rank,), self.index.dtype)
            made.append(Node(names(f"{node.name}_place"), Concatenation(0), (self.index, rest), (place,), sources))
        return [*made, Node(node.name, DynamicUpdateSlice(), (self.x, self.row, place), node.outputs, sources)]


def _row_update(makers: Makers, node: Node) -> _RowUpdate | None:
    """What a CONCATENATION amounts to, where it is of this kind and every size in it follows."""
    op = node.op
    if not isinstance(op, Concatenation) or op.activation != "NONE" or len(node.inputs) != 3 or len(node.outputs) != 1:
        return None
    first, row, last = node.inputs
    before, behind = _cut(makers, first), _cut(makers, last)
    if row is None or before is None or behind is None:
        return None
    x, begin, size = (before.input(i) for i in range(3))
    rank = len(x.shape)
    if behind.input(0) is not x or rank == 0 or op.axis not in (0, -rank) or (1, *x.shape[1:]) != row.shape:
        return None
    if node.output.shape != x.shape or not x.dtype is row.dtype is node.output.dtype:
        return None
    index, after = _leading(makers, size, rank, -1), _leading(makers, behind.input(1), rank, 0)
    if index is None or after is None or not _all(begin, 0, rank) or not _all(behind.input(2), -1, rank):
        return None
    return _RowUpdate(x, row, index, before, behind) if _follows(makers, index, after) else None


def _cut(makers: Makers, tensor: Tensor | None) -> Node | None:
    """The SLICE that makes a tensor."""
    node = makers.get(tensor) if tensor is not None else None
    whole = node is not None and len(node.inputs) == 3 and None not in node.inputs
    return node if node is not None and whole and isinstance(node.op, Slice | SliceAt) else None


def _all(tensor: Tensor, value: int, count: int) -> bool:
    """Whether a tensor is known to be `count` times `value`."""
    return tensor.data is not None and tensor.shape == (count,) and bool(np.all(tensor.data == value))


def _leading(makers: Makers, tensor: Tensor, rank: int, rest: int) -> Tensor | None:
    """The first of the `rank` numbers of a tensor, as a tensor of one, where all others are `rest`."""
    if rank == 1:
        return tensor if tensor.shape == (1,) else None
    node = makers.get(tensor)
    if node is None or not isinstance(node.op, Concatenation) or len(node.inputs) != 2:
        return None
    first, others = node.inputs
    if first is None or others is None or first.shape != (1,) or not _all(others, rest, rank - 1):
        return None
    return first if node.op.activation == "NONE" else None


def _follows(makers: Makers, index: Tensor, after: Tensor) -> bool:
    """Whether `after` is `index` plus 1, whatever their shapes."""
    node = makers.get(_number(makers, after))
    if node is None or not isinstance(node.op, Add) or node.op.activation != "NONE" or len(node.inputs) != 2:
        return False
    a, b = node.inputs
    if a is None or b is None or a.elements != 1 or b.elements != 1:
        return False
    same = _number(makers, index)
    return any(
        _number(makers, i) is same and one.data is not None and bool(np.all(one.data == 1))
        for i, one in ((a, b), (b, a))
    )


def _number(makers: Makers, tensor: Tensor) -> Tensor:
    """The tensor of one element that another has the value of, behind all reshaping."""
    while (node := makers.get(tensor)) is not None and isinstance(node.op, Reshape):
        source = node.inputs[0] if node.inputs else None
        if source is None or source.elements != tensor.elements:
            break
        tensor = source
    return tensor
