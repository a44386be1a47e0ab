"""A graph over a window in time as one that takes the new rows of each step, and keeps what windows have in common."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np

from motes.errors import Unsupported
from motes.ir import DType, Graph, Node, State, Tensor
from motes.names import Names
from motes.ops.concatenation.op import Concatenation
from motes.ops.reshape.op import Reshape
from motes.ops.slice.masks import Masks
from motes.ops.slice.op import Slice, StridedSlice
from motes.ops.slide.op import Piece, Slide
from motes.passes.dense_pixels import dense_pixels
from motes.passes.streaming.motion import Motion, Motions, Moving, Range, motions
from motes.passes.streaming.needs import needed_rows, reach, wanted_rows
from motes.wellformed import verify


@dataclass(frozen=True)
class Streamed:
    """A graph that is run once a step, on the new rows alone.

    Once `warmup` steps have filled what it keeps, each step's outputs are those that the whole graph gives for the last
    `rows` rows. Rows that come before the first real ones may hold anything.
    """

    graph: Graph
    whole: Graph
    rows: int
    step: int
    recomputed: int
    """Multiply-accumulates a step of rows that see padding in time, or that could not be kept: they are computed again,
    although the window before had them, too."""

    @property
    def warmup(self) -> int:
        """Steps before the first that ends a full window."""
        return -(-self.rows // self.step) - 1

    @property
    def exact(self) -> bool:
        """Whether no multiply-accumulate is done twice."""
        return self.recomputed == 0

    def __str__(self) -> str:
        again = "nothing computed twice" if self.exact else f"{self.recomputed:,} of them recomputed"
        what = f"{self.graph.macs:,} of {self.whole.macs:,} MACs a step of {self.step} of {self.rows} rows"
        return f"streaming: {what}, {again}"

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "warmup_steps": self.warmup,
            "step_rows": self.step,
            "window_rows": self.rows,
            "exact": self.exact,
            "macs": self.graph.macs,
            "window_macs": self.whole.macs,
            "recomputed_macs": self.recomputed,
        }


def stream(graph: Graph, rows: int, step: int, depth: int | None = None) -> Streamed:
    """The streaming form of a graph whose input 0 is a window of `rows` rows that moves on by `step` each time.

    Args:
        depth: only what the first so many nodes make is kept, which takes less memory; None: all that can be.

    Raises:
        Unsupported: nothing of what it computes can be kept; the message names the operator and the tensor.
    """
    if step >= rows:
        raise Unsupported(graph.name, f"steps of {step} rows leave nothing of a window of {rows}", "take shorter steps")
    if graph.inputs[0] in graph.outputs:
        raise Unsupported(graph.name, f"its window {graph.inputs[0].name} is an output, too", "run it on whole windows")
    found = motions(graph, rows, step, len(graph.nodes) if depth is None else depth)
    made = _Steps(graph, rows, step, found).streamed()
    if made.graph.macs >= graph.macs:
        _refuse(graph, found)
    return made


def _refuse(graph: Graph, found: Motions) -> NoReturn:
    """Say what keeps a graph from being streamed."""
    for node in graph.nodes:
        if node in found.stopped:
            x = next(t for t in node.inputs if t is not None and t in found.of)
            raise Unsupported(
                node,
                f"takes all {found.of[x].rows} rows of {x.origin or x.name} at once, and nothing in front of it can be "
                "kept from window to window",
                "run it on whole windows",
            )
        if node in found.nodes and node.op.macs(node):
            y, motion = node.output, found.of[node.output]
            raise Unsupported(
                node,
                f"of the {motion.rows} rows of {y.origin or y.name}, {motion.last - motion.first} see no padding in "
                f"time, and a step brings {motion.new} new ones: nothing is left to keep",
                "take shorter steps, or train the model with padding='valid'",
            )
    raise Unsupported(graph.name, "no operator computes row by row over time", "run it on whole windows")


class _Steps:
    """The streaming form in the making."""

    def __init__(self, graph: Graph, rows: int, step: int, found: Motions) -> None:
        self.whole, self.rows, self.step, self.found = graph, rows, step, found
        self.needed = needed_rows(graph, self.found)
        self.wanted = wanted_rows(graph, self.found, self.needed)
        self.names = Names()
        self.tensor_names = Names()
        for t in graph.tensors:
            self.tensor_names(t.name)
        for n in graph.nodes:
            self.names(n.name)
        self.nodes: list[Node] = []
        self.states: list[State] = list(graph.states)
        self.pieces: dict[Tensor, dict[Range, Tensor]] = {}
        self.kept: dict[Tensor, tuple[Range, Tensor]] = {}
        self.parts: dict[tuple[Tensor, Range], Tensor] = {}

    def streamed(self) -> Streamed:
        """The result."""
        window = self.whole.inputs[0]
        new = self._tensor(window, (1, self.step, *self.found.of[window].shape[2:]), "new")
        new = replace(new, name=window.name, shape=_fewer(window.shape, self.rows, self.step), origin=window.origin)
        rows = self._shaped(new, (1, self.step, *self.found.of[window].shape[2:]))
        self._have(window, {(self.rows - self.step, self.rows): rows})
        for node in self.whole.nodes:
            moving = self.found.nodes.get(node)
            if moving is None:
                self.nodes.append(replace(node, inputs=tuple(t and self._all(t) for t in node.inputs)))
            elif node.output in self.needed:
                self._compute(node, moving)
        for tensor in dict.fromkeys((*self.whole.outputs, *(s.write for s in self.whole.states))):
            if tensor in self.found.of:  # others know these tensors: they stay
                rows = self._rows(tensor, (0, self.found.of[tensor].rows))
                self.nodes.append(Node(self.names(f"{tensor.name}_all"), Reshape(), (rows,), (tensor,)))
        inputs = (new, *self.whole.inputs[1:])
        graph = Graph(self.whole.name, inputs, self.whole.outputs, tuple(self.nodes), tuple(self.states))
        return Streamed(verify(dense_pixels(graph)), self.whole, self.rows, self.step, self._recomputed())

    def _recomputed(self) -> int:
        """Multiply-accumulates a step of rows that the window before had, too."""
        found, every = self.found, motions(self.whole, self.rows, self.step, len(self.whole.nodes))
        again = 0
        for node in every.nodes:
            y, motion = node.output, every.of[node.output]
            made = ((0, motion.rows),) if y not in found.of else found.of[y].fresh(self.needed.get(y, (0, 0)))
            again += node.op.macs(node) * max(0, sum(b - a for a, b in made) - motion.new) // motion.rows
        return again

    def _compute(self, node: Node, moving: Moving) -> None:
        """The rows of a node's output that each step computes."""
        y, four = node.output, moving.node
        motion = self.found.of[y]
        made: dict[Range, Tensor] = {}
        for first, last in motion.fresh(self.needed[y]):
            given = [t for t in node.inputs if t is not None and t in self.found.of]
            sources = {t: self._read(t, moving, (first, last)) for t in given}
            part = self._tensor(y, (1, last - first, *motion.shape[2:]), "new" if last > motion.first else "before")
            if moving.same:
                (source,) = sources.values()
                made[first, last] = self._shaped(source[0], part.shape, part)
                continue
            (before, behind), *_ = (pads for _, pads in sources.values())
            inputs = tuple(
                asked if t is None or t not in sources else sources[t][0]
                for t, asked in zip(node.inputs, four.inputs, strict=True)
            )
            op = four.op.padded(replace(four, inputs=inputs, outputs=(part,)), before, behind)
            self.nodes.append(Node(self.names(f"{node.name}_{len(made)}"), op, inputs, (part,), node.sources))
            made[first, last] = part
        self._have(y, made)

    def _read(self, x: Tensor, moving: Moving, made: Range) -> tuple[Tensor, tuple[int, int]]:
        """The rows of an input behind these rows of the output, and how many rows of padding lie around them."""
        (first, last), around = reach(self.found.of[x], moving, made)
        return self._rows(x, (first, last)), around

    def _have(self, x: Tensor, pieces: dict[Range, Tensor]) -> None:
        """Note what a step computes of a tensor, and keep as much as is read later on."""
        self.pieces[x] = pieces
        motion, needed = self.found.of[x], self.needed[x]
        reads = [r for r in self.wanted.get(x, ()) if not any(p[0] <= r[0] and r[1] <= p[1] for p in pieces)]
        if not reads:
            return
        first, last = motion.interior(needed)
        start = min(r[0] for r in reads)
        start = needed[0] if start < first else start
        self.kept[x] = (start, needed[1]), self._keep(x, motion, (start, needed[1]), (max(start, first), last))

    def _keep(self, x: Tensor, motion: Motion, held: Range, interior: Range) -> Tensor:
        """A tensor of the rows `held`: those in the interior that are not new come from the steps before."""
        (start, end), (first, last) = held, interior
        phases, pieces = motion.phases, self.pieces[x]
        if phases == 1:
            moved = (Piece(max(a, start) - start, max(a, start) - a, b - max(a, start)) for a, b in pieces if b > start)
            slide = Slide(first - start, last - motion.new - start, motion.new, tuple(moved))
            return self._slide(x, end - start, motion, slide, [t for (_, b), t in pieces.items() if b > start])
        # Windows that share rows are `phases` steps apart: rows of those between lie between.
        slots = (last - 1 - first) * phases + 1
        ((a, b), new) = max(pieces.items())
        fresh = Piece((last - motion.new - first) * phases, 0, motion.new, phases)
        assert a == last - motion.new, (x, a)
        every = self._slide(x, slots, motion, Slide(0, slots - motion.new, motion.new, (fresh,)), [new])
        parts = [self._every(x, every, last - first, phases)]
        if start < first:
            parts.insert(0, self._part(x, min(pieces.items())[1], (0, first - start)))
        if b > last:
            parts.append(self._part(x, new, (motion.new, b - a)))
        if len(parts) == 1:
            return parts[0]
        whole = self._tensor(x, (1, end - start, *motion.shape[2:]), "window")
        self.nodes.append(Node(self.names(f"{x.name}_window"), Concatenation(1), tuple(parts), (whole,)))
        return whole

    def _slide(self, x: Tensor, rows: int, motion: Motion, op: Slide, pieces: Iterable[Tensor]) -> Tensor:
        """What is left of a state after it has moved on, with the new pieces in it."""
        old = self._tensor(x, (1, rows, *motion.shape[2:]), "kept")
        new = self._tensor(x, old.shape, "rows")
        name = self.names(f"{x.name}_rows")
        self.nodes.append(Node(name, op, (old, *pieces), (new,)))
        self.states.append(State(name, np.zeros(old.shape, old.dtype.numpy), old, new))
        return new

    def _rows(self, x: Tensor, wanted: Range) -> Tensor:
        """A tensor of these rows."""
        for (first, last), piece in self.pieces[x].items():
            if first <= wanted[0] and wanted[1] <= last:
                return self._part(x, piece, (wanted[0] - first, wanted[1] - first))
        (first, last), rows = self.kept[x]
        assert first <= wanted[0] < wanted[1] <= last, (x, wanted, (first, last))
        return self._part(x, rows, (wanted[0] - first, wanted[1] - first))

    def _all(self, x: Tensor) -> Tensor:
        """The tensor as it was."""
        motion = self.found.of.get(x)
        return x if motion is None else self._shaped(self._rows(x, (0, motion.rows)), x.shape, x)

    def _part(self, x: Tensor, tensor: Tensor, part: Range) -> Tensor:
        """Some rows of a tensor of rows of `x`."""
        if part == (0, tensor.shape[1]):
            return tensor
        if (tensor, part) not in self.parts:
            begin, size = (0, part[0], 0, 0), (1, part[1] - part[0], *tensor.shape[2:])
            y = self._tensor(x, size, "part")
            name = self.names(f"{x.name}_part")
            inputs = (tensor, _constant(f"{name}_begin", begin), _constant(f"{name}_size", size))
            self.nodes.append(Node(name, Slice(), inputs, (y,)))
            self.parts[tensor, part] = y
        return self.parts[tensor, part]

    def _every(self, x: Tensor, tensor: Tensor, rows: int, step: int) -> Tensor:
        """Every `step`-th row of a tensor of rows of `x`."""
        y = self._tensor(x, (1, rows, *tensor.shape[2:]), "every")
        name = self.names(f"{x.name}_every")
        ends = (0, 0, 0, 0), tensor.shape, (1, step, 1, 1)
        inputs = (_constant(f"{name}_{what}", at) for what, at in zip(("begin", "end", "step"), ends, strict=True))
        self.nodes.append(Node(name, StridedSlice(Masks(0, 0, 0, 0, 0, False)), (tensor, *inputs), (y,)))
        return y

    def _shaped(self, x: Tensor, shape: tuple[int, ...], like: Tensor | None = None) -> Tensor:
        """The bytes of a tensor under another shape, named and quantized as `like`."""
        like = like or x
        if x.shape == shape and x.quant == like.quant:
            return x
        y = self._tensor(like, shape, "shape")
        self.nodes.append(Node(self.names(f"{like.name}_shape"), Reshape(), (x,), (y,)))
        return y

    def _tensor(self, like: Tensor, shape: tuple[int, ...], what: str) -> Tensor:
        return replace(like, name=self.tensor_names(f"{like.name}_{what}"), shape=shape, data=None)


def steady(graph: Graph) -> frozenset[Node]:
    """The nodes of a streaming form from which follows what it keeps: those that run in every step, even where no full
    window has come yet."""
    kept = {n for n in graph.nodes if isinstance(n.op, Slide)}
    wanted = {t for n in kept for t in n.inputs}
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs):
            kept.add(node)
            wanted.update(node.inputs)
    return frozenset(kept)


def _fewer(shape: tuple[int, ...], rows: int, step: int) -> tuple[int, ...]:
    """The shape of a window, or of tensors that hold as many bytes, with `step` rows instead of all."""
    for axis in range(1, len(shape) + 1):
        if math.prod(shape[:axis]) == rows:
            return (*(1 for _ in shape[: axis - 1]), step, *shape[axis:])
    return (*shape[:-1], shape[-1] // rows * step)


def _constant(name: str, values: Iterable[int]) -> Tensor:
    data = np.array(tuple(values), np.int32)
    return Tensor(name, data.shape, DType.INT32, None, data)
