"""A built application on a recording: on the virtual board in virtual time, or as plain code on this machine."""

from __future__ import annotations

import ctypes
import dataclasses
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motes.application import Application, Sink, Stage
from motes.blocks.threshold.op import ThresholdOp
from motes.build import host
from motes.build.elf import read_elf
from motes.emit import emit_application_host
from motes.emit.application import CLOCK, WORD, layout
from motes.emit.model import offset_of
from motes.errors import BadInput
from motes.ir import Array, DType, Tensor
from motes.judging import Event, Verdict, judge
from motes.machine import Execution, Tap, execute
from motes.machine.energy import Energy, energy
from motes.making import Made
from motes.progress import Progress, silent
from motes.recording import read_labels, read_recording

TRACED = 256
"""Elements of the largest tensors of which traces are kept."""

LINE = re.compile(r"(-?\d+\.\d{6}) (-?\d+\.\d{6}) (\d+) (\d+) ")
"""A detection on the console, as `<prefix>_describe` writes it; the label's text follows."""


@dataclass(frozen=True, eq=False)
class Trace:
    """What a tensor held at the end of each run of its stage that had a result.

    `time_s` (runs,) is when each window was complete, as in `Outcome.triggers`; `values` (runs, elements) are real
    numbers.
    """

    tensor: Tensor
    stage: Stage
    time_s: Array
    values: Array


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a run. `execution` and `energy` are None on the host, which has no clock to count."""

    made: Made
    recording: Path
    items: Array
    """What the sensor played: (n, *record)."""
    events: tuple[Event, ...]
    triggers: Mapping[Stage, Array]
    """(runs,) when the window of each run was complete: the sample clock at the end of the buffer, in seconds."""
    whole: Mapping[Stage, Array]
    """(runs,) whether that window was whole, so that there was a result: always, but for streaming forms."""
    traces: tuple[Trace, ...]
    missed: int
    dropped: int
    lost: int
    """Detections that found their queue full."""
    execution: Execution | None
    energy: Energy | None
    verdict: Verdict | None
    exit_status: int

    @property
    def duration_s(self) -> float:
        """Length of the recording in seconds."""
        return float(len(self.items) / self.made.application.sources[0].records_per_s)

    @property
    def hop_s(self) -> float:
        """A hop: the period of the stage that runs most often."""
        return float(self.made.application.stages[0].period)

    @property
    def hops(self) -> int:
        """How often that stage ran."""
        return len(self.triggers[self.made.application.stages[0]])

    @property
    def started(self) -> int:
        """The cycle at which the sensor was started, where the sample clock begins; 0 on the host."""
        return 0 if self.execution is None else _started(self.execution, self.made.application.sources[0].kind)

    @property
    def busy(self) -> Array | None:
        """The share of each hop, from the sensor's start on, in which stages were at work: (hops,)."""
        if self.execution is None:
            return None
        hop = self.hop_s * self.execution.clock_hz
        busy = np.zeros(max(1, math.ceil(self.duration_s / self.hop_s)))
        until = 0
        for span in self.execution.spans:
            start, end = max(span.start - self.started, until), span.end - self.started
            until = max(until, end)
            while start < end:
                index = int(start // hop)
                part = min(end, math.ceil((index + 1) * hop)) - start
                if index < len(busy):
                    busy[index] += part / hop
                start += max(1, part)
        return busy


def _started(execution: Execution, sensor: str) -> int:
    return execution.cycles - execution.peripherals[sensor].on_cycles


def run(
    made: Made,
    recording: Path,
    labels: Path | None = None,
    on_event: Callable[[Event], None] | None = None,
    progress: Progress = silent,
) -> Outcome:
    """Play a recording to a built application until it ends.

    Args:
        labels: an Audacity label track of what is in it.
        on_event: called with each detection as it is made; its latency is known at the end.

    Raises:
        BadInput: a file cannot be used; the application has several sources.
        BoardFault: the image stopped.
    """
    application = made.application
    if len(application.sources) != 1:
        kinds = ", ".join(s.kind for s in application.sources)
        raise BadInput(f"{application.name}: listens to {kinds}; a run plays one recording to one sensor")
    (source,) = application.sources
    items = read_recording(recording, source)
    first = min(s.first + s.warmup * s.every for s in application.stages if s.source is source)
    lasts = len(items) / source.records_per_s
    if lasts * source.rate < first:
        raise BadInput(
            f"{recording}: lasts {float(lasts):.3f} s, but the first window needs {float(first / source.rate):.3f} s; "
            "give a longer recording"
        )
    printed = [sink for sink in application.sinks if sink.action == "print"]
    known = {text for sink in printed for text in reported(application, sink)}
    said = read_labels(labels) if labels is not None else None
    hear = on_event or (lambda event: None)
    play = _on_host if made.image is None else _on_board
    outcome = play(made, recording, items, hear, progress)
    if said is None:
        return outcome
    return dataclasses.replace(outcome, verdict=judge(outcome.events, said, known))


def reported(application: Application, sink: Sink) -> tuple[str, ...]:
    """The labels of a sink that it can ever see: those that are not background."""
    for node in application.upstream(sink.decision):
        if isinstance(node.op, ThresholdOp):
            return tuple(k for k, on in zip(sink.labels, node.op.reported, strict=True) if on)
    return sink.labels


@dataclass(frozen=True)
class _Watch:
    """What is read at the end of every run of a stage: its time, then tensors, then, of a streaming form, whether its
    window was whole; each as (place, size) in the state."""

    stage: Stage
    tensors: tuple[Tensor, ...]
    places: tuple[tuple[int, int], ...]


def _watches(made: Made) -> list[_Watch]:
    places = layout(made.application, made.plan)
    found = []
    for stage in made.application.stages:
        tensors = tuple(t for t in stage.graph.outputs if t.elements <= TRACED)
        at = [(offset_of(t, made.plan), t.nbytes) for t in tensors]
        whole = [(places[f"whole_{stage.name}"], WORD)] if stage.streamed else []
        found.append(_Watch(stage, tensors, ((places[f"time_{stage.name}"], CLOCK), *at, *whole)))
    return found


def _seen(
    watches: Sequence[_Watch], visits: Sequence[Sequence[tuple[bytes, ...]]]
) -> tuple[dict[Stage, Array], dict[Stage, Array], tuple[Trace, ...]]:
    """Triggers, whole windows and traces from the bytes that were seen at the end of each run of each stage."""
    triggers, whole, traces = {}, {}, []
    for watch, found in zip(watches, visits, strict=True):
        clocks = np.frombuffer(b"".join(v[0] for v in found), np.uint64)
        triggers[watch.stage] = clocks / float(watch.stage.source.rate)
        full = np.array([not watch.stage.streamed or any(v[-1]) for v in found], bool)
        whole[watch.stage] = full
        for i, tensor in enumerate(watch.tensors, 1):
            kept = (v[i] for v, one in zip(found, full, strict=True) if one)
            raw = np.frombuffer(b"".join(kept), tensor.dtype.numpy).reshape(-1, tensor.elements)
            values = raw.astype(np.float64)
            if tensor.quant is not None and tensor.dtype is not DType.FLOAT32:
                values = (values - tensor.zero_point) * tensor.scale
            traces.append(Trace(tensor, watch.stage, triggers[watch.stage][full], values))
    return triggers, whole, tuple(traces)


def _counts(made: Made, state: bytes) -> tuple[int, int, int]:
    """Missed deadlines, dropped items and lost detections, as the application counted them."""
    places = layout(made.application, made.plan)

    def word(name: str) -> int:
        return int.from_bytes(state[places[name] : places[name] + WORD], "little")

    dropped = sum(word(name) for name in places if name.endswith(".dropped"))
    return word("missed"), dropped, word("lost")


def _event(made: Made, line: str, acted_s: float | None = None) -> Event | None:
    """The detection that a line on the console tells; `acted_s` is when it was complete, on the sample clock."""
    match = LINE.match(line)
    if match is None:
        return None
    time_s, score, sink, label = float(match[1]), float(match[2]), int(match[3]), int(match[4])
    if made.application.sinks[sink].action != "print":
        return None
    late = None if acted_s is None else round((acted_s - time_s) * 1000, 6)
    return Event(time_s, made.application.sinks[sink].labels[label], score, late, sink)


# ------------------------------------------------------------------------------------------------ on a board


def _on_board(made: Made, recording: Path, items: Array, hear: Callable[[Event], None], progress: Progress) -> Outcome:
    assert made.image is not None and made.board.chip is not None
    application, clock = made.application, made.board.chip.clock_hz
    (source,) = application.sources
    length = float(len(items) / source.records_per_s)

    def on_line(text: str, _: int) -> None:
        event = _event(made, text)
        if event is not None:
            hear(event)
            progress(f"running {application.name} in virtual time", min(1.0, event.time_s / length))

    progress(f"running {application.name} in virtual time", None)
    symbol = read_elf(made.image.kept.read_bytes()).symbol("motes_app")
    assert symbol is not None
    watches = _watches(made)
    taps = [
        Tap(w.stage.name, f"{made.prefix}_done_{w.stage.name}", tuple((symbol.address + at, n) for at, n in w.places))
        for w in watches
    ]
    execution = execute(
        made.image.kept,
        made.board,
        {source.kind: (items, float(source.records_per_s))},
        marks={f"{made.prefix}_run_{s.name}": s.name for s in application.stages},
        taps=taps,
        read=["motes_app"],
        on_line=on_line,
    )
    started = _started(execution, source.kind)
    events = (_event(made, line.text, (line.cycle - started) / clock) for line in execution.lines)
    missed, dropped, lost = _counts(made, execution.symbols["motes_app"])
    triggers, whole, traces = _seen(watches, [[r.data for r in execution.taps[w.stage.name]] for w in watches])
    return Outcome(
        made,
        recording,
        items,
        tuple(event for event in events if event is not None),
        triggers,
        whole,
        traces,
        missed,
        dropped + sum(p.lost for p in execution.peripherals.values()),
        lost,
        execution,
        energy(execution, made.board),
        None,
        execution.exit_status,
    )


# ------------------------------------------------------------------------------------------------ on this machine


def _on_host(made: Made, recording: Path, items: Array, hear: Callable[[Event], None], progress: Progress) -> Outcome:
    application = made.application
    (source,) = application.sources
    progress(f"running {application.name} on this machine", None)
    own = {f"{made.prefix}.inc" if n == f"{made.prefix}.c" else n: text for n, text in made.sources.items()}
    library = host.library({**own, **emit_application_host(application, made.prefix)})
    memory = np.zeros(library.motes_app_size() + 64, np.uint8)
    start = -memory.ctypes.data % 64
    state = memory[start : start + library.motes_app_size()]
    address = ctypes.c_void_p(state.ctypes.data)
    watches = _watches(made)
    seen: list[list[tuple[bytes, ...]]] = [[] for _ in watches]

    def watch(_: int, index: int) -> None:
        seen[index].append(tuple(state[at : at + size].tobytes() for at, size in watches[index].places))

    watcher = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32)(watch)
    library.motes_app_init(address, watcher)
    push = getattr(library, f"motes_app_push_{source.kind}")
    text = ctypes.create_string_buffer(library.motes_app_text_size())
    events: list[Event] = []
    buffer = application.buffer(source)
    item = next(r.item for r in application.rings if r.source is source)
    pushed = np.ascontiguousarray(items).reshape(-1, *item.shape)
    for at in range(0, len(pushed) - buffer + 1, buffer):
        block = pushed[at : at + buffer]
        push(address, ctypes.c_void_p(block.ctypes.data), ctypes.c_uint32(buffer))
        while library.motes_app_event(address, text):
            event = _event(made, text.value.decode())
            if event is not None:
                events.append(event)
                hear(event)
    missed, dropped, lost = _counts(made, state.tobytes())
    triggers, whole, traces = _seen(watches, seen)
    return Outcome(
        made, recording, items, tuple(events), triggers, whole, traces, missed, dropped, lost, None, None, None, 0
    )  # fmt: skip
