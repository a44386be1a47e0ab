"""Lanes as rounds of a loop: which node runs in which round, and where each input of a round comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from motes.ir import Node, Tensor
from motes.passes.recurrence.lanes import FEWEST, Lane, Parts, Source, Wiring


@dataclass(frozen=True)
class Rounds:
    """`count` rounds, each of one node a lane; `first` is the number of the first in the lanes.

    Attributes:
        backwards: the first round takes the last part.
        sources: where each input of a lane comes from; what has a lag is of the round before.
    """

    lanes: tuple[Lane, ...]
    first: int
    count: int
    backwards: bool
    sources: Mapping[tuple[Lane, int], Source]

    def nodes(self, lane: Lane) -> tuple[Node, ...]:
        """The lane's node in each round."""
        return tuple(lane.nodes[self.first + i] for i in range(self.count))


def rounds_of(wiring: Wiring, lanes: Sequence[Lane], parts: Parts) -> list[Rounds]:
    """Runs of rounds in which all lanes do the same, the longest first: one for each way to cut them into rounds that
    carries least. None, where no round needs another.
    """
    most = max(len(lane.nodes) for lane in lanes)
    lanes = _completed(wiring, [lane for lane in lanes if 2 * len(lane.nodes) > most], parts)
    sources = _sources(wiring, lanes, parts, 1)
    lags = [s.lag for s in sources.values() if s.lane]
    if not any(lags):
        return []
    backwards = min(lags) < 0
    sign = -1 if backwards else 1
    found = []
    for later in _fewest_carried(lanes, sources, sign):
        moved = [Lane({sign * t + later[lane]: n for t, n in lane.nodes.items()}) for lane in lanes]
        wanted = _sources(wiring, moved, parts, sign)
        if {s.lag for s in wanted.values() if s.lane} <= {0, 1}:
            run = _longest(wiring, moved, parts, sign, wanted)
            found.append(Rounds(tuple(moved), run.start, len(run), backwards, wanted))
    return sorted((r for r in found if r.count >= FEWEST), key=lambda r: -r.count)


def _sources(wiring: Wiring, lanes: Sequence[Lane], parts: Parts, sign: int) -> dict[tuple[Lane, int], Source]:
    """What each input of a lane comes from in most rounds."""
    home = _home(lanes)
    found = {}
    for lane in lanes:
        for i in range(len(next(iter(lane.nodes.values())).inputs)):
            seen = Counter(_source(wiring, home, parts, sign, n, i, t) for t, n in lane.nodes.items())
            found[lane, i] = seen.most_common(1)[0][0]
    return found


def _completed(wiring: Wiring, lanes: Sequence[Lane], parts: Parts) -> list[Lane]:
    """The lanes with what else makes their inputs, in rounds that were not reached from the parts onward: the state
    behind the first step often comes from another kind of node than later ones."""
    sources = _sources(wiring, lanes, parts, 1)
    nodes = {lane: dict(lane.nodes) for lane in lanes}
    home = {n for lane in lanes for n in lane.nodes.values()}
    todo = [(lane, t) for lane in lanes for t in lane.nodes]
    while todo:
        lane, time = todo.pop()
        for i, tensor in enumerate(nodes[lane][time].inputs):
            source = sources[lane, i]
            if tensor not in wiring.makers or source.lane is None:
                continue
            maker, then, alike = wiring.makers[tensor][0], time - source.lag, next(iter(source.lane.nodes.values()))
            same = wiring.kind(maker) == wiring.kind(alike) and wiring.weights(maker) == wiring.weights(alike)
            if maker not in home and same and then not in nodes[source.lane]:
                nodes[source.lane][then] = maker
                home.add(maker)
                todo.append((source.lane, then))
    return [Lane(found) for found in nodes.values()]


def _home(lanes: Sequence[Lane]) -> dict[Node, tuple[Lane, int]]:
    return {n: (lane, t) for lane in lanes for t, n in lane.nodes.items()}


def _source(
    wiring: Wiring, home: Mapping[Node, tuple[Lane, int]], parts: Parts, sign: int, node: Node, index: int, time: int
) -> Source:
    tensor = node.inputs[index]
    if tensor is None or tensor.data is not None:  # lanes are of nodes with equal constants, or folded ones
        return Source()
    made = wiring.makers.get(tensor)
    if made and made[0] is parts.node:
        return Source(parts=parts, lag=made[1] - sign * time)
    if made and made[0] in home:
        lane, then = home[made[0]]
        return Source(lane, made[1], lag=time - then)
    return Source(tensor=tensor)


def _fewest_carried(
    lanes: Sequence[Lane], sources: Mapping[tuple[Lane, int], Source], sign: int
) -> list[dict[Lane, int]]:
    """How many rounds later each lane runs, so that few bytes go from round to round; all ways as good as the best.

    What only the next round reads may as well be computed there: a lane after the other is put off, those that are
    read last first, and the best of all these are kept.
    """
    edges = [(s.lane, s.output, lane, sign * s.lag) for (lane, _), s in sources.items() if s.lane]
    sizes = {(m, i): next(iter(m.nodes.values())).outputs[i].nbytes for m, i, _, _ in edges}
    later = dict.fromkeys(lanes, 0)

    def carried() -> int:
        """Bytes that go from one round to the next."""
        return sum(sizes[x] for x in {(m, i) for m, i, to, lag in edges if lag + later[to] - later[m]})

    tried = [(carried(), dict(later))]
    while True:
        read_now = {m for m, _, to, lag in edges if not lag + later[to] - later[m]}
        late = next((m for m, *_ in edges if m not in read_now and not later[m]), None)
        if late is None:
            least = min(size for size, _ in tried)
            return [way for size, way in tried if size == least]
        later[late] = 1
        tried.append((carried(), dict(later)))


def _longest(
    wiring: Wiring, lanes: Sequence[Lane], parts: Parts, sign: int, sources: Mapping[tuple[Lane, int], Source]
) -> range:
    """The longest run of rounds in which every input comes from where it should; in the first, what the round before
    makes may come from anywhere before the loop."""
    home = _home(lanes)

    def fits(time: int, first: bool) -> bool:
        starts: dict[Source, Tensor | None] = {}
        for (lane, i), wanted in sources.items():
            node = lane.nodes[time]
            if wanted.lane and wanted.lag and first:
                start = starts.setdefault(wanted, node.inputs[i])
                maker = wiring.makers[start][0] if start in wiring.makers else None
                if start is not node.inputs[i] or (maker in home and home[maker][1] >= time):
                    return False
            elif _source(wiring, home, parts, sign, node, i, time) != wanted:
                return False
        return True

    best = range(0)
    for run in _runs(lanes):
        start = None
        for time in (*run, None):
            if start is not None and (time is None or not fits(time, first=False)):
                best = max(best, range(start, run.stop if time is None else time), key=len)
                start = None
            if start is None and time is not None and fits(time, first=True):
                start = time
    return best


def _runs(lanes: Sequence[Lane]) -> Iterator[range]:
    """The longest ranges of rounds in which every lane has a node."""
    times = sorted(set.intersection(*(set(lane.nodes) for lane in lanes)))
    start = 0
    for i in range(1, len(times) + 1):
        if i == len(times) or times[i] != times[i - 1] + 1:
            yield range(times[start], times[i - 1] + 1)
            start = i
