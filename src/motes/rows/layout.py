"""Where the rows of a region in bands lie, and how its outputs may overlap its inputs.

A tensor that is made and read inside has a *buffer*: round i finds its row r at place r - i * each - start, so that
bands of all rounds lie alike. Before each round the buffer's rows move up by `each` places. Where nothing needs to stay
from one round to the next, it is an ordinary tensor of the body.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from motes.ir import ALIGN, Place, Tensor
from motes.plan import round_up
from motes.program import Call
from motes.rows.bands import Band, Bands, Flow, inputs

_NOTHING = Band(-1, 0, -2, 0, 0, 0)
"""What a call does in a round in which it has nothing to do: nobody reads from it."""


@dataclass(frozen=True)
class Layout:
    """Tensors of the body, by the call that makes or reads a band: (call, tensor around or inside) -> its band."""

    made: Mapping[Call, Tensor]
    read: Mapping[tuple[Call, Tensor], Tensor]
    located: Mapping[Tensor, Place]
    buffers: tuple[Tensor, ...]
    moved: Mapping[Tensor, int]
    overlaps: tuple[tuple[Tensor, Tensor, int], ...]


@dataclass
class _Layouts:
    """A layout in the making."""

    region: Bands
    whole: Collection[Tensor]
    made: dict[Call, Tensor] = field(default_factory=dict)
    read: dict[tuple[Call, Tensor], Tensor] = field(default_factory=dict)
    located: dict[Tensor, Place] = field(default_factory=dict)
    buffers: list[Tensor] = field(default_factory=list)
    moved: dict[Tensor, int] = field(default_factory=dict)


def lay_out(region: Bands, whole: Collection[Tensor]) -> Layout | None:
    """Places for all bands; None where one would begin at an odd address.

    Args:
        whole: outputs of which every row is needed outside: they lie there whole, as inputs from outside do.
    """
    calls = tuple(region.bands)
    new = _Layouts(region, whole)
    inside = {call.node.output: call for call in calls}
    for call in calls:
        for tensor in inputs(call.node):
            if tensor not in inside:
                new.read[call, tensor] = _window(new, tensor, tensor, [b.read for b in region.bands[call]], call)
    for tensor, maker in inside.items():
        readers = [call for call in calls if tensor in inputs(call.node)]
        if tensor in whole:
            _lay_whole(new, tensor, maker, readers)
        else:
            _lay_inside(new, tensor, maker, readers)
    _land(new, calls, inside)
    if any(at % ALIGN for place in new.located.values() for at in (place.offset, place.step, *place.steps)):
        return None
    if any(by % ALIGN for by in new.moved.values()):
        return None
    return Layout(new.made, new.read, new.located, tuple(new.buffers), new.moved, _overlaps(new, calls))


def _lay_whole(new: _Layouts, tensor: Tensor, maker: Call, readers: Sequence[Call]) -> None:
    bands = new.region.bands
    new.made[maker] = _window(new, tensor, tensor, [b.first for b in bands[maker]], maker, made=True)
    for call in readers:
        new.read[call, tensor] = _window(new, tensor, tensor, [b.read for b in bands[call]], call)


def _lay_inside(new: _Layouts, tensor: Tensor, maker: Call, readers: Sequence[Call]) -> None:
    """A buffer for a tensor that is not needed outside; an ordinary one where no row is needed in a later round."""
    bands, flow = new.region.bands, new.region.flows[tensor]
    fresh = all(
        b.read == m.first for call in readers for b, m in zip_longest(bands[call], bands[maker], fillvalue=_NOTHING)
    )
    if fresh:
        new.made[maker] = resized(tensor, max(b.made for b in bands[maker]))
        new.read |= {(call, tensor): new.made[maker] for call in readers}
        return
    written = _places([b.first for b in bands[maker]], flow)
    taken = {call: _places([b.read for b in bands[call]], flow) for call in readers}
    start = min(min(places) for places in (written, *taken.values()))
    rows = max(flow.upto(i) - i * flow.each for i in range(new.region.count)) - start
    buffer = replace(resized(tensor, rows), name=f"{tensor.name}_rows")
    new.buffers.append(buffer)
    if rows > flow.each:
        new.moved[buffer] = flow.each * row_bytes(tensor)
    new.made[maker] = _window(new, buffer, tensor, [p - start for p in written], maker, made=True)
    for call in readers:
        new.read[call, tensor] = _window(new, buffer, tensor, [p - start for p in taken[call]], call)


def _places(rows: Sequence[int], flow: Flow) -> list[int]:
    """Rows, round by round, by the place that they have then."""
    return [row - i * flow.each for i, row in enumerate(rows)]


def _window(
    new: _Layouts, around: Tensor, tensor: Tensor, rows: Sequence[int], call: Call, *, made: bool = False
) -> Tensor:
    """The band of `tensor` that a call makes or takes, which begins at these rows of `around`."""
    size = row_bytes(tensor)
    starts = [row * size for row in rows]
    step = starts[1] - starts[0] if len(starts) > 1 else 0
    even = all(at == starts[0] + i * step for i, at in enumerate(starts))
    place = Place(around, starts[0], step) if even else Place(around, min(starts), 0, _less(starts, min(starts)))
    bands = new.region.bands[call]
    band = resized(tensor, max(b.made if made else b.taken for b in bands))
    new.located[band] = place
    return band


def _less(starts: Sequence[int], least: int) -> tuple[int, ...]:
    return tuple(at - least for at in starts)


def _land(new: _Layouts, calls: Sequence[Call], inside: Mapping[Tensor, Call]) -> None:
    """Let bands be made where what is computed in place of them will lie: of those that may, the one made last."""
    readers = Counter(new.read.values())
    for call in reversed(calls):
        target, made = new.located.get(new.made[call]), call.node.output
        if target is None:
            continue
        may = {call.node.pointers[i] for _, i in call.in_place if call.node.pointers[i] in inside}
        for maker in reversed(calls):
            tensor, band = maker.node.output, new.made[maker]
            alike = row_bytes(tensor) == row_bytes(made) and all(
                (a.first, a.made) == (b.first, b.made)
                for a, b in zip(new.region.bands[maker], new.region.bands[call], strict=False)
            )
            alone = readers[band] == 1 == call.node.pointers.count(tensor)
            if tensor in may and band not in new.located and alike and alone:
                new.located[band] = target
                break


def _overlaps(new: _Layouts, calls: Sequence[Call]) -> tuple[tuple[Tensor, Tensor, int], ...]:
    """How far each output must begin before each input from outside, so that rows are read before they are lost.

    Every call of every round is looked at: what it writes ends before what it and all later ones still read.
    """
    outside = {t for _, t in new.read if t not in new.region.flows}
    found = []
    for output in (t for t in new.region.flows if t in new.whole):
        for given in sorted(outside, key=lambda t: t.name):
            least, distance = given.nbytes, 0  # bytes of the input from here on have been read by later calls
            for i in reversed(range(new.region.count)):
                for call in reversed(calls):
                    bands = new.region.bands[call]
                    if i >= len(bands):
                        continue
                    if (call, given) in new.read:
                        least = min(least, bands[i].read * row_bytes(given))
                    place = new.located.get(new.made[call])
                    if place is not None and place.tensor is output and least < given.nbytes:
                        end = (bands[i].first + bands[i].made) * row_bytes(output)
                        distance = max(distance, end - least)
            found.append((output, given, round_up(distance)))
    return tuple(found)


def resized(tensor: Tensor, rows: int) -> Tensor:
    """A tensor of other rows."""
    return replace(tensor, shape=(tensor.shape[0], rows, *tensor.shape[2:]))


def row_bytes(tensor: Tensor) -> int:
    """Bytes of a row."""
    return tensor.nbytes // tensor.shape[1]
