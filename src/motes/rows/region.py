"""A run of calls as one block that goes row by row."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass, field, replace

from motes.choose import choose_for_rounds
from motes.ir import Graph, Node, Tensor
from motes.ops.control.bands import Bands as BandsOp
from motes.plan import round_up
from motes.program import Block, Call, Program
from motes.rows.bands import Band, Bands, in_bands, inputs, rates, rows_at_once
from motes.rows.layout import Layout, lay_out, resized

CALL_CYCLES = 150
"""About what a call takes beside its arithmetic, where its parameters are put together anew in each round."""
BYTE_CYCLES = 0.75
"""About what it takes to move a byte."""
ALONE = 1.03
"""How much longer, at least, a kernel takes in bands that is compiled for the numbers of one layer otherwise."""
OUTPUT_CYCLES = 10
"""About what an element of an output takes beside that."""


def cycles(call: Call) -> float:
    """About what a call takes that makes its output at once."""
    return _rows_cycles(call) + call.kernel.call_cycles(call.node)


def _rows_cycles(call: Call) -> float:
    """The part of that that is for its rows."""
    node = call.node
    return call.kernel.mac_cycles * node.op.macs(node) + OUTPUT_CYCLES * sum(t.elements for t in node.outputs)


@dataclass(frozen=True)
class Region:
    """Calls `first` to `last` of a program, in bands."""

    first: int
    last: int
    calls: tuple[Call, ...]  # each with the node of an ordinary band as its only round, and the kernel for that
    bands: Bands
    layout: Layout
    alone: Collection[str]

    @property
    def ahead(self) -> int:
        """Bytes by which outputs begin before inputs where they overlap, all together."""
        return sum(distance for _, _, distance in self.layout.overlaps)

    @property
    def temporary(self) -> int:
        """Bytes of what is made and read within a round, and of scratch: the most that any call sees."""
        place = {call: i for i, call in enumerate(self.calls)}
        lives = {band: [place[call]] for call, band in self.layout.made.items() if band not in self.layout.located}
        for (call, _), band in self.layout.read.items():
            if band in lives:
                lives[band].append(place[call])
        return max(
            round_up(call.scratch) + sum(round_up(t.nbytes) for t, at in lives.items() if min(at) <= i <= max(at))
            for call, i in place.items()
        )

    @property
    def cycles(self) -> float:
        """About how long it takes."""
        moved = sum(buffer.nbytes - by for buffer, by in self.layout.moved.items()) * self.bands.count
        calls = sum(map(len, self.bands.bands.values()))
        rows = sum(
            _banded_cycles(call, bands) * (ALONE if call.kernel.function in self.alone else 1)
            for call, bands in self.bands.bands.items()
        )
        return CALL_CYCLES * calls + BYTE_CYCLES * moved + rows


def _banded_cycles(call: Call, bands: Sequence[Band]) -> float:
    """Cycles of all bands of a call: those of its rows, of rows that are computed with them, and beside them."""
    at_once = rows_at_once(call)
    rows = sum(-(-band.made // at_once) * at_once for band in bands)
    return rows * _rows_cycles(call) / call.node.output.shape[1] + len(bands) * call.kernel.call_cycles(call.rounds[0])


@dataclass(frozen=True)
class Kernels:
    """Which kernels serve calls in bands; asked for the same often, so that it remembers."""

    features: Set[str]
    alone: Collection[str] = ()
    """Functions that serve one call of the program: compiled for its numbers they are faster than in bands."""
    known: dict[tuple[Call, int], Call | None] = field(default_factory=dict)

    def banded(self, call: Call, rows: int) -> Call | None:
        """The call with the node of an ordinary band, which makes so many rows, as its only round, and the kernel for
        that; None where there is none."""
        key = call, rows
        if key not in self.known:
            window = call.node.op.rows(call.node)
            assert window is not None, call
            rows = min(rows, call.node.output.shape[1])
            node = band_node(call.node, Band(0, rows, 0, (rows - 1) * window.stride + window.size, 0, 0))
            kernel = choose_for_rounds(call, (node,), self.features)
            self.known[key] = Call(call.node, kernel, (node,)) if kernel else None
        return self.known[key]


def regions(program: Program, first: int, last: int, height: int, kernels: Kernels) -> list[Region]:
    """Calls `first` to `last` with so many rows of the last one's output a round, in one order or two; none where they
    do not go together.

    Each but the last must make something that another of them reads.
    """
    calls = program.calls[first : last + 1]
    picked = tuple(c for c in calls if isinstance(c, Call))
    if len(picked) < len(calls) or any(len(c.node.outputs) != 1 for c in picked):
        return []
    read = {t for call in picked for t in inputs(call.node)}
    if any(call.node.output not in read for call in picked[:-1]) or picked[-1].node.output in read:
        return []
    each = rates(picked, height)
    banded = tuple(c for call in picked if each and (c := kernels.banded(call, each[call.node.output])))
    if each is None or len(banded) < len(picked):
        return []
    whole = needed_outside(program, first, last)
    found = []
    for order in dict.fromkeys((banded, _outside_first(banded))):
        bands = in_bands(order, each, whole)
        layout = lay_out(bands, whole) if bands else None
        found += [Region(first, last, order, bands, layout, kernels.alone)] if bands and layout else []
    return found


def _outside_first(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """The calls in an order in which those that read what lies outside come as early as they can: what the last ones
    make may lie over it then."""
    missing = {call.node.output for call in calls}
    waiting, found = list(calls), []
    while waiting:
        ready = [call for call in waiting if missing.isdisjoint(inputs(call.node))]
        made = {call.node.output for call in calls}
        found.append(min(ready, key=lambda call: made.issuperset(inputs(call.node))))
        waiting.remove(found[-1])
        missing.remove(found[-1].node.output)
    return tuple(found)


def needed_outside(program: Program, first: int, last: int) -> frozenset[Tensor]:
    """What calls `first` to `last` of a program make for others, or for its end."""
    graph = program.graph
    read = {t for call in (*program.calls[:first], *program.calls[last + 1 :]) for t in call.node.inputs}
    read |= {*graph.outputs, *(s.write for s in graph.states)}
    return frozenset(t for call in program.calls[first : last + 1] for t in call.node.outputs if t in read)


def block_of(found: Region, name: str, features: Set[str]) -> Block | None:
    """The region as a block; None where a call has no kernel that serves all its bands with the same weights."""
    layout = found.layout
    body: list[Call] = []
    for call in found.calls:
        rounds = _rounds(call, found.bands.bands[call])
        shape = max(rounds, key=lambda node: node.output.shape[1])
        given = tuple(layout.read.get((call, t), t) if t is not None else None for t in call.node.inputs)
        node = replace(shape, inputs=given, outputs=(layout.made[call],))
        kernel = choose_for_rounds(call, rounds, features)
        if kernel is None:
            return None
        body.append(Call(node, kernel, rounds))
    graph = Graph(name, layout.buffers, layout.buffers, tuple(call.node for call in body))
    made = {call.node.output for call in found.calls}
    op = BandsOp((graph,), found.bands.count, layout.located, layout.moved, layout.overlaps)
    whole = [t for call in found.calls for t in inputs(call.node) if t not in made]
    outputs = tuple(dict.fromkeys(p.tensor for p in layout.located.values() if p.tensor in made))
    sources = tuple(sorted({i for call in found.calls for i in call.node.sources}))
    return Block(Node(name, op, tuple(dict.fromkeys(whole)), outputs, sources), (Program(graph, tuple(body)),))


def _rounds(call: Call, bands: Sequence[Band]) -> tuple[Node, ...]:
    """The node in each round; rounds that are alike share one."""
    known: dict[tuple[int, int, int, int], Node] = {}
    for band in bands:
        key = band.made, band.taken, band.before, band.behind
        if key not in known:
            known[key] = band_node(call.node, band)
            known[key].op.check(known[key])
    return tuple(known[band.made, band.taken, band.before, band.behind] for band in bands)


def band_node(node: Node, band: Band) -> Node:
    """The node as it is in a band."""
    sizes = {t: resized(t, band.taken) for t in inputs(node)}
    given = tuple(sizes.get(t, t) if t is not None else None for t in node.inputs)
    op = node.op.padded(node, band.before, band.behind)
    return replace(node, op=op, inputs=given, outputs=(resized(node.output, band.made),))
