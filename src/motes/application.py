"""An application as a value: sources, rings, stages and sinks; and how a tree of streams becomes one.

    Microphone ──ring of samples──> stage "micro_frontend" ──ring of 49 frames──> stage "keywords" ──> sink

A stage is straight-line work that runs each time its ring has a new window. Everything between two windows of the tree
of streams is one stage.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from motes.errors import BadInput
from motes.ir import Graph, Node, State, Tensor
from motes.names import identifier
from motes.ops.reshape.op import Reshape
from motes.passes.streaming import Streamed
from motes.stream import Source, Step, Stream, Window
from motes.wellformed import verify

DAY_S = 86_400
LONGEST_DAYS = 366
"""From one run of a stage to the next: counts of items then stay far inside 64 bits."""

OBSERVED = 64
"""Small tensors on the way to a sink, up to so many elements, stay in memory to the end of a run: reports show them."""


@dataclass(frozen=True, eq=False)
class Ring:
    """Items on their way to one stage, which reads the last `length` each time `stride` new ones have come."""

    name: str
    item: Tensor
    length: int
    stride: int
    source: Source | None
    """The sensor that fills it; None: the stage that computes `item`."""
    before: int = 0
    """Items in front of each window that its stage still knows: a window is whole where none of these is missing."""
    early: int = 0
    """Items that count as written before the first: windows then end where they should."""


@dataclass(frozen=True, eq=False)
class Stage:
    """Work that runs once a window of its ring: graph input 0 is the window.

    Run j (from 0) is due when the source has delivered `first + j * every` items. The streaming form of a graph takes
    the new items of each window alone, and keeps the rest; its first `warmup` runs, and as many after items were
    dropped, do no more than that.
    """

    name: str
    ring: Ring
    graph: Graph
    pushes: tuple[Ring, ...]
    period: Fraction
    source: Source
    first: int
    every: int
    streamed: Streamed | None = None

    @property
    def warmup(self) -> int:
        """Runs before the first that has a whole window."""
        return self.streamed.warmup if self.streamed else 0


@dataclass(frozen=True, eq=False)
class Sink:
    """An action on the decisions that a stage computes; `settings` are numbers that the action is made with."""

    action: str
    decision: Tensor
    labels: tuple[str, ...]
    settings: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Action:
    """What is to be done about the decisions of a stream: an application is given at least one."""

    kind: str
    stream: Stream
    settings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Application:
    """Everything an image does; stages are in order of their period, the shortest first."""

    name: str
    sources: tuple[Source, ...]
    rings: tuple[Ring, ...]
    stages: tuple[Stage, ...]
    sinks: tuple[Sink, ...]

    def stage_of(self, tensor: Tensor) -> Stage:
        """The stage that computes a tensor."""
        return next(s for s in self.stages if any(tensor in n.outputs for n in s.graph.nodes))

    def upstream(self, tensor: Tensor) -> list[Node]:
        """The nodes of its stage that a tensor depends on, those that feed others behind these."""
        wanted, found = {tensor}, []
        for node in reversed(self.stage_of(tensor).graph.nodes):
            if wanted.intersection(node.outputs):
                found.append(node)
                wanted.update(t for t in node.inputs if t is not None)
        return found

    def buffer(self, source: Source) -> int:
        """Items that the source delivers at a time: about 4 to 16 ms, so that windows end where buffers do.

        Where no such number is, windows end within buffers; then it is about 10 ms, but no longer than a stride, so
        that no buffer completes two windows.
        """
        rings = [r for r in self.rings if r.source is source]
        strides = math.gcd(*(r.stride for r in rings))
        most = int(source.rate * Fraction(16, 1000))
        for step in (math.gcd(strides, *(r.length for r in rings)), strides):
            found = next((n for n in range(min(step, most), 0, -1) if step % n == 0), 0)
            if found / source.rate >= Fraction(4, 1000):
                return found
        return max(1, min(round(source.rate / 100), *(r.stride for r in rings)))

    def jitter(self, stage: Stage) -> Fraction:
        """Seconds by which two triggers of a stage may come nearer than its period: windows that end within buffers."""
        buffer = self.buffer(stage.source)
        return (buffer - math.gcd(stage.every, buffer)) / stage.source.rate


def streaming(application: Application, stage: Stage, streamed: Streamed) -> Application:
    """The application with the streaming form of a stage's graph in the place of the stage."""
    old = stage.ring
    length, before = old.stride, old.length - old.stride
    ring = dataclasses.replace(old, length=length, before=before, early=-old.length % length)
    first = stage.first - streamed.warmup * stage.every
    new = dataclasses.replace(stage, ring=ring, graph=streamed.graph, first=first, streamed=streamed)
    stages = (new if s is stage else s for s in application.stages)
    return dataclasses.replace(
        application,
        rings=tuple(ring if r is old else r for r in application.rings),
        stages=tuple(
            dataclasses.replace(s, pushes=tuple(ring if r is old else r for r in s.pushes)) if old in s.pushes else s
            for s in stages
        ),
    )


# ------------------------------------------------------------------------------------------------ tracing


def trace(name: str, actions: Sequence[Action]) -> Application:
    """The application that these actions on decisions need.

    Raises:
        BadInput: an action's stream is no decision; streams of different windows meet in one step; no action.
        Unsupported: an operator refuses its shapes or types.
    """
    if not actions:
        raise BadInput(f"application {name}: it does nothing; give App at least one action, such as Print(decision)")
    for action in actions:
        if not isinstance(action, Action):
            raise BadInput(f"application {name}: {action!r} is no action; wrap the decision in Print(...) or LED(...)")
        if not isinstance(action.stream, Stream) or not action.stream.labels or action.stream.tensor.shape != (2,):
            what = action.stream.tensor if isinstance(action.stream, Stream) else repr(action.stream)
            raise BadInput(
                f"{type(action).__name__} needs a decision, as Detect or Threshold makes; it was given {what}"
            )
    return _Tracer(name, [action.stream for action in actions]).application(actions)


class _Tracer:
    """Walks the tree once; names things so that they are unique in the application."""

    def __init__(self, name: str, ends: Sequence[Stream]) -> None:
        self.name = name
        self.streams = list(_upstream(ends))
        self.windows: dict[tuple[Stream, int, int], list[Stream]] = {}
        self.root: dict[Stream, tuple[Stream, int, int]] = {}
        for stream in self.streams:
            self.root[stream] = self._root(stream)
        self.taken: dict[str, set[str]] = {"node": set(), "tensor": set(), "ring": set(), "stage": set()}
        self.renamed: dict[Tensor, Tensor] = {}

    def _root(self, stream: Stream) -> tuple[Stream, int, int]:
        """The window that a stream is computed from: its items' stream, length and stride."""
        origin = stream.origin
        if isinstance(origin, Window):
            key = (origin.stream, origin.length, origin.stride)
            self.windows.setdefault(key, []).append(stream)
            return key
        if isinstance(origin, Source):
            return (stream, 1, 1)
        roots = {self.root[s] for s in origin.inputs}
        if len(roots) > 1:
            inputs = " and ".join(s.tensor.name for s in origin.inputs)
            raise BadInput(
                f"{origin.nodes[0].name}: its inputs {inputs} come from different windows; "
                "take one window and compute both from it"
            )
        (key,) = roots
        for stream in origin.inputs:
            if isinstance(stream.origin, Source) and stream not in self.windows.setdefault(key, []):
                self.windows[key].append(stream)  # single items: a window of one
        return key

    def application(self, actions: Sequence[Action]) -> Application:
        """The application, its stages cut at the windows."""
        steps: dict[tuple[Stream, int, int], list[Step]] = {key: [] for key in self.windows}
        seen: set[Step] = set()
        for stream in self.streams:
            if isinstance(stream.origin, Step) and stream.origin not in seen:
                seen.add(stream.origin)
                steps[self.root[stream]].append(stream.origin)
        observed = {s.tensor for s in self._observed([a.stream for a in actions])}
        items = {key[0].tensor for key in self.windows}
        graphs = {key: self._graph(key, found, items | observed) for key, found in steps.items() if found}
        rings = {key: self._ring(key) for key in graphs}
        order = self._producers_first(graphs)
        stages: dict[tuple[Stream, int, int], Stage] = {}
        for key in order:
            stages[key] = self._stage(key, graphs[key], rings, stages)
        by_period = sorted(stages.values(), key=lambda s: s.period)  # stable: producers stay before consumers
        sources = tuple(dict.fromkeys(s.source for s in by_period))
        for kind in {s.kind for s in sources}:
            if sum(s.kind == kind for s in sources) > 1:
                raise BadInput(f"application {self.name}: two {kind}s, but a board has one; make one, and use it twice")
        sinks = tuple(Sink(a.kind, self.renamed[a.stream.tensor], a.stream.labels, dict(a.settings)) for a in actions)
        return Application(self.name, sources, tuple(rings.values()), tuple(by_period), sinks)

    def _observed(self, ends: Sequence[Stream]) -> Iterator[Stream]:
        return (s for s in _upstream(ends) if isinstance(s.origin, Step) and s.tensor.elements <= OBSERVED)

    def _unique(self, kind: str, name: str) -> str:
        found = identifier(name, self.taken[kind])
        self.taken[kind].add(found.lower())
        return found

    def _rename(self, tensor: Tensor) -> Tensor:
        if tensor.data is not None:
            return tensor
        if tensor not in self.renamed:
            self.renamed[tensor] = dataclasses.replace(tensor, name=self._unique("tensor", tensor.name))
        return self.renamed[tensor]

    def _graph(self, key: tuple[Stream, int, int], steps: Sequence[Step], wanted: set[Tensor]) -> Graph:
        """The stage's graph: one input for the window, whatever number of equal windows the user took."""
        first, *others = self.windows[key]
        window = self._rename(first.tensor)
        nodes, states = [], []
        for other in others:
            if other.tensor.shape == window.shape:
                self.renamed[other.tensor] = window
            else:
                shaped = self._rename(other.tensor)
                nodes.append(Node(self._unique("node", shaped.name), Reshape(), (window,), (shaped,)))
        for step in steps:
            for node in step.nodes:
                inputs = tuple(None if t is None else self._rename(t) for t in node.inputs)
                outputs = tuple(self._rename(t) for t in node.outputs)
                nodes.append(Node(self._unique("node", node.name), node.op, inputs, outputs, node.sources))
            states += [State(s.name, s.initial, self._rename(s.read), self._rename(s.write)) for s in step.states]
        outputs = tuple(
            dict.fromkeys(self.renamed[t] for n in steps for m in n.nodes for t in m.outputs if t in wanted)
        )
        largest = max(steps, key=lambda step: len(step.nodes))
        name = self._unique("stage", largest.name or largest.nodes[0].name)
        return verify(Graph(name, (window,), outputs, tuple(nodes), tuple(states)))

    def _ring(self, key: tuple[Stream, int, int]) -> Ring:
        stream, length, stride = key
        source = stream.origin if isinstance(stream.origin, Source) else None
        item = stream.tensor if source else self._rename(stream.tensor)
        return Ring(self._unique("ring", stream.tensor.name), item, length, stride, source)

    def _producers_first(self, graphs: dict[tuple[Stream, int, int], Graph]) -> list[tuple[Stream, int, int]]:
        """Keys in the order of `_upstream`, which lists what is read before who reads it."""
        order: dict[tuple[Stream, int, int], None] = {}
        for stream in self.streams:
            if isinstance(stream.origin, Step):
                order[self.root[stream]] = None
        return [key for key in order if key in graphs]

    def _stage(
        self,
        key: tuple[Stream, int, int],
        graph: Graph,
        rings: dict[tuple[Stream, int, int], Ring],
        stages: dict[tuple[Stream, int, int], Stage],
    ) -> Stage:
        stream, length, stride = key
        pushes = tuple(r for k, r in rings.items() if r.source is None and r.item in graph.outputs)
        if isinstance(stream.origin, Source):
            source, first, every = stream.origin, length, stride
        else:
            feeding = stages[self.root[stream]]
            source = feeding.source
            first = feeding.first + feeding.every * (length - 1)
            every = feeding.every * stride
        for what, items in (("its first window is complete after", first), ("it runs every", every)):
            if items / source.rate > LONGEST_DAYS * DAY_S:
                raise BadInput(
                    f"{graph.name}: {what} {float(items / source.rate / DAY_S):,.0f} days; "
                    f"at most {LONGEST_DAYS} are possible: take shorter windows or strides"
                )
        return Stage(graph.name, rings[key], graph, pushes, every / source.rate, source, first, every)


def _upstream(ends: Sequence[Stream]) -> Iterator[Stream]:
    """Every stream the ends depend on, and they themselves, each once, what is read before who reads it."""
    seen: set[Stream] = set()
    stack: list[tuple[Stream, bool]] = [(s, False) for s in reversed(ends)]
    while stack:
        stream, ready = stack.pop()
        if stream in seen:
            continue
        if ready:
            seen.add(stream)
            yield stream
            continue
        stack.append((stream, True))
        origin = stream.origin
        before = origin.inputs if isinstance(origin, Step) else (origin.stream,) if isinstance(origin, Window) else ()
        stack += [(s, False) for s in reversed(before)]
