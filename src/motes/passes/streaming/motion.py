"""How the rows of each tensor move from one window in time to the next, and which of them stay what they are."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from motes.errors import Unsupported
from motes.ir import Graph, Node, Rows, Tensor
from motes.ops.broadcast import Elementwise
from motes.ops.conv.window import Window
from motes.ops.movement import StridedCopy, copy_of
from motes.ops.pointwise import Pointwise
from motes.ops.pool.pool2d import Pool2D
from motes.ops.quantize.op import Dequantize, Quantize
from motes.ops.reshape.op import Reshape

Range = tuple[int, int]
"""Rows from the first up to, but without, the last."""


@dataclass(frozen=True)
class Motion:
    """A tensor as rows in time, which move to the front by `pace` rows from one window to the next.

    Row i with `first` <= i < `last` is *interior*: no padding in time is in it, so that it is the same in every window
    that holds it. With a pace of a / b, windows b steps apart have such rows in common: row i was row i + a. The others
    are *edges*, which every window has of its own.
    """

    shape: tuple[int, int, int, int]
    """(1, rows, width, channels): what the tensor's shape comes down to."""
    pace: Fraction
    first: int
    last: int

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.shape[1]

    @property
    def new(self) -> int:
        """Interior rows that no window before had."""
        return self.pace.numerator

    @property
    def phases(self) -> int:
        """Every how many windows rows meet again."""
        return self.pace.denominator

    def interior(self, needed: Range) -> Range:
        """The interior rows among those that are needed."""
        first = max(self.first, needed[0])
        return first, max(first, min(self.last, needed[1]))

    def fresh(self, needed: Range) -> tuple[Range, ...]:
        """The rows, of those needed, that each step computes: edges before and new rows with the edges behind; all of
        them where nothing can be kept."""
        first, last = self.interior(needed)
        if last - self.new <= first:
            return (needed,)
        pieces = ((needed[0], first), (last - self.new, needed[1]))
        return tuple(piece for piece in pieces if piece[0] < piece[1])


@dataclass(frozen=True)
class Moving:
    """A node whose output has a motion: the node between tensors of four axes, and how rows follow from rows.

    `same` is true where rows of the output are rows of the input, and nothing has to be done.
    """

    node: Node
    rows: Rows
    same: bool = False


@dataclass(frozen=True)
class Motions:
    """Of the tensors of a graph, and the nodes that make them row by row; `stopped` take all rows at once."""

    of: Mapping[Tensor, Motion]
    nodes: Mapping[Node, Moving]
    stopped: tuple[Node, ...]


def motions(graph: Graph, rows: int, step: int, depth: int) -> Motions:
    """The motions that the first `depth` nodes of a graph make, whose input 0 is a window of `rows` rows that moves on
    by `step`."""
    (window, *_) = graph.inputs
    shape = in_rows(window.shape, rows) or (1, rows, 1, window.elements // rows)
    of = {window: Motion(shape, Fraction(step), 0, rows)}
    nodes: dict[Node, Moving] = {}
    stopped = []
    for i, node in enumerate(graph.nodes):
        sources = [t for t in node.inputs if t is not None and t.data is None]
        if not any(t in of for t in sources):
            continue
        moving = _moving(node, of) if i < depth and all(t in of for t in sources) else None
        if moving is None:
            stopped.append(node)
            continue
        nodes[node] = moving
        of[node.output] = _behind(moving, [of[t] for t in dict.fromkeys(sources)])
    return Motions(of, nodes, tuple(stopped))


def rows_of(graph: Graph) -> int:
    """How many rows in time a graph's input has: its second axis, or its third where that is 1; of an input without
    such axes, those of the RESHAPE that reads it.

    Raises:
        Unsupported: it has no rows.
    """
    shapes = [graph.inputs[0].shape]
    shapes += [n.output.shape for n in graph.nodes if isinstance(n.op, Reshape) and n.inputs[0] is graph.inputs[0]]
    for shape in shapes:
        if len(shape) > 2 and shape[0] == 1:
            rows = shape[1] if shape[1] > 1 or len(shape) == 3 else shape[2]
            if rows > 1:
                return rows
    x = graph.inputs[0]
    raise Unsupported(
        graph.name,
        f"its input {replace(x, name=x.origin or x.name)} is no window of rows in time, (1, rows, ...)",
        "run it without streaming",
    )


def in_rows(shape: Sequence[int], rows: int) -> tuple[int, int, int, int] | None:
    """The shape as (1, rows, width, channels), bytes lying as they do; None where no leading axes make up the rows."""
    if len(shape) == 4 and tuple(shape[:2]) == (1, rows):
        return 1, rows, shape[2], shape[3]
    for axis in range(1, len(shape) + 1):
        if math.prod(shape[:axis]) == rows:
            rest = tuple(shape[axis:]) or (1,)
            return 1, rows, math.prod(rest[:-1]), rest[-1]
    return None


def _behind(moving: Moving, before: Sequence[Motion]) -> Motion:
    """The motion of a node's output: its interior rows are those whose windows see interior rows alone."""
    rows, shape = moving.rows, moving.node.output.shape
    first = max(0, -(-(max(m.first for m in before) + rows.before) // rows.stride))
    last = (min(m.last for m in before) + rows.before - rows.size) // rows.stride + 1
    made = shape[1]
    first = min(first, made)
    assert len(shape) == 4
    return Motion((1, made, shape[2], shape[3]), before[0].pace / rows.stride, first, max(first, min(last, made)))


def _moving(node: Node, of: Mapping[Tensor, Motion]) -> Moving | None:
    """The node as one that makes rows of rows, if it is."""
    sources = [t for t in node.inputs if t is not None and t in of]
    if len(node.outputs) != 1 or len({(of[t].rows, of[t].pace) for t in sources}) != 1:
        return None
    have = of[sources[0]]
    if isinstance(node.op, Reshape):
        return _reshaped(node, have)
    if isinstance(node.op, StridedCopy):
        return _cut(node, have) or _asked(node, of)
    return _asked(node, of)


def _asked(node: Node, of: Mapping[Tensor, Motion]) -> Moving | None:
    """The node as its operator sees it."""
    four = _in_four(node, of)
    rows = None if four is None else four.op.rows(four)
    if four is None or rows is None or four.output.shape[1] != rows.made(of[_source(node, of)].rows):
        return None
    return Moving(four, rows)


def _source(node: Node, of: Mapping[Tensor, Motion]) -> Tensor:
    return next(t for t in node.inputs if t is not None and t in of)


def _in_four(node: Node, of: Mapping[Tensor, Motion]) -> Node | None:
    """The node between tensors (1, rows, width, channels); None where its operator depends on the axes there are."""
    given = {t: of[t].shape for t in node.inputs if t is not None and t in of}
    y = node.output
    if all(t.shape == shape for t, shape in given.items()) and len(y.shape) == 4:
        return node
    inputs = tuple(replace(t, shape=given[t]) if t is not None and t in given else t for t in node.inputs)
    if isinstance(node.op, Window | Pool2D):
        return _turned(replace(node, inputs=inputs))
    tensors = [t for t in (*node.inputs, y) if t is not None]
    if not isinstance(node.op, Pointwise | Elementwise | Quantize | Dequantize) or any(
        t.data is None and (t.quant is not None and not t.quant.per_tensor) for t in tensors
    ):
        return None
    shape = in_rows(y.shape, of[_source(node, of)].rows)
    return None if shape is None else replace(node, inputs=inputs, outputs=(replace(y, shape=shape),))


def _turned(node: Node) -> Node | None:
    """A window that slides along the columns of a single row as one that slides along the rows of a single column."""
    op, y = node.op, node.output
    if len(y.shape) != 4 or y.shape[:2] != (1, 1) or node.input(0).shape[2] != 1:
        return None
    shape = (1, y.shape[2], 1, y.shape[3])
    if isinstance(op, Pool2D):
        turned = replace(
            op,
            stride_h=op.stride_w,
            stride_w=op.stride_h,
            filter_h=op.filter_w,
            filter_w=op.filter_h,
            pads=(*op.pads[2:], *op.pads[:2]),
        )
        return replace(node, op=turned, outputs=(replace(y, shape=shape),)) if op.filter_h == 1 else None
    assert isinstance(op, Window)
    w = node.input(1)
    if w.shape[1] != 1 or w.data is None:
        return None
    sides = (w.shape[0], w.shape[2], 1, w.shape[3])
    filter_ = replace(w, shape=sides, data=w.data.reshape(sides))
    window = replace(
        op, stride=op.stride[::-1], dilation=op.dilation[::-1], pads=(*op.pads[2:], *op.pads[:2])
    )  # fmt: skip
    inputs = (node.inputs[0], filter_, *node.inputs[2:])
    return replace(node, op=window, inputs=inputs, outputs=(replace(y, shape=shape),))


def _reshaped(node: Node, have: Motion) -> Moving | None:
    """A RESHAPE that keeps the rows, or joins some into one."""
    x, y = node.input(0), node.output
    kept = in_rows(y.shape, have.rows)
    if kept is not None:
        rows = Rows(1)
    elif len(y.shape) >= 3 and y.shape[0] == 1 and 1 < y.shape[1] < have.rows and have.rows % y.shape[1] == 0:
        kept = in_rows(y.shape, y.shape[1])
        rows = Rows(have.rows // y.shape[1], have.rows // y.shape[1])
    if kept is None:
        return None
    four = replace(node, inputs=(replace(x, shape=have.shape),), outputs=(replace(y, shape=kept),))
    return Moving(four, rows, same=True)


def _cut(node: Node, have: Motion) -> Moving | None:
    """Some rows one behind the other, all of what is in them: the others are like padding that is taken away."""
    copy, y = copy_of(node), node.output
    row = have.shape[2] * have.shape[3]
    axes, block = copy.blocks
    if axes or copy.y_start or copy.x_start % row or y.elements % row or block != y.elements:
        return None
    first, count = copy.x_start // row, y.elements // row
    shape = in_rows(y.shape, count)
    if shape is None:
        return None
    four = replace(node, inputs=(replace(node.input(0), shape=have.shape),), outputs=(replace(y, shape=shape),))
    return Moving(four, Rows(1, 1, -first, first + count - have.rows), same=True)
