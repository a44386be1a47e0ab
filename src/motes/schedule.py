"""When the stages of an application run: response times, utilisation, and how long rings must be.

Scheduling is cooperative. A due stage with a shorter period runs first; between two calls of a running stage, due
stages with shorter periods run. So a stage waits at most for the longest single call of the stages with longer
periods, for detections that are acted on, and for what the shorter stages and the sensors' interrupts take meanwhile:
the response-time recurrence with blocking (Audsley et al. 1993), over every run of a busy time, since a run may end
after the next is due (Lehoczky 1990).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from motes.application import Application, Ring, Stage

MARGIN = Fraction(115, 100)
"""On all cycles: for inputs that take other branches than those that were measured."""

COPY = Fraction(3, 2)
"""Cycles a byte, at most, to copy into or out of a ring."""

RUN = 600
"""Cycles at each end of a stage's run, copies left out: finding it due, storing states, leaving."""

ACT = 4000
"""Cycles to queue a detection and to act on it: a line of text, three divisions of 64 bits for it."""

INTERRUPT = 250
"""Cycles around a sensor's interrupt, once a buffer; and as many again for each ring that it writes to."""

RUNS = 1000
"""Runs of a stage looked at in one busy time; a stage that is never done by then is too slow."""


@dataclass(frozen=True)
class StageCost:
    """Cycles of a stage's calls, in order, measured on the board; views, which take none, are left out."""

    calls: tuple[int, ...]

    @property
    def total(self) -> int:
        """Cycles of one run."""
        return sum(self.calls)


@dataclass(frozen=True)
class Schedule:
    """What to expect of an application on a board.

    `start` and `response` are worst-case seconds from a trigger to the start and to the end of the stage, infinite
    where the board is too slow. A trigger is the end of the sensor's buffer that completes the window. `capacity` is in
    items, `queue` in detections that wait to be acted on.
    """

    start: Mapping[Stage, float]
    response: Mapping[Stage, float]
    utilisation: float
    capacity: Mapping[Ring, int]
    queue: int

    def meets_deadline(self, application: Application, stage: Stage) -> bool:
        """Whether every run of a stage ends, at the worst, before its next trigger."""
        return self.response[stage] <= stage.period - application.jitter(stage)

    def meets_deadlines(self, application: Application) -> bool:
        """Whether all stages do."""
        return all(self.meets_deadline(application, s) for s in application.stages)


@dataclass(frozen=True)
class _Task:
    """Work of `cost` seconds every `period`, each time up to `jitter` late."""

    period: float
    cost: float
    jitter: float = 0.0

    def within(self, seconds: float) -> float:
        """The most that it can take in a time that ends with such work just come."""
        return (math.floor((seconds + self.jitter) / self.period * (1 + 1e-12)) + 1) * self.cost


def schedule(application: Application, costs: Mapping[Stage, StageCost] | None, clock_hz: int) -> Schedule:
    """The schedule of an application on a core.

    Args:
        costs: cycles of every stage; None: unknown, as on the host, where work takes no virtual time.
        clock_hz: of the core.
    """
    stages = application.stages
    if costs is None:
        instant = dict.fromkeys(stages, 0.0)
        capacity = {s.ring: _capacity(application, s, 0.0) for s in stages}
        return Schedule(instant, instant, 0.0, capacity, _queue(application, {}))
    seconds = {s: [float(c * MARGIN) / clock_hz for c in _calls(application, s, costs[s])] for s in stages}
    tasks = {s: _Task(float(s.period), sum(seconds[s]), float(application.jitter(s))) for s in stages}
    interrupts = _interrupts(application, clock_hz)
    before = {s: [*interrupts, *(tasks[other] for other in stages[:i])] for i, s in enumerate(stages)}
    queue = _queue(application, {s: _settle(tasks[s].cost, before[s], tasks[s].period) for s in stages})
    acting = float(ACT * queue * MARGIN) / clock_hz
    start: dict[Stage, float] = {}
    response: dict[Stage, float] = {}
    for i, stage in enumerate(stages):
        blocking = acting + max((c for longer in stages[i + 1 :] for c in seconds[longer]), default=0.0)
        start[stage], response[stage] = _worst(tasks[stage], blocking, before[stage])
    utilisation = sum(t.cost / t.period for t in (*interrupts, *tasks.values()))
    reading = {s: float(COPY * _window(s) * MARGIN) / clock_hz for s in stages}
    capacity = {s.ring: _capacity(application, s, start[s] + reading[s]) for s in stages}
    return Schedule(start, response, utilisation, capacity, queue)


def _queue(application: Application, lasts: Mapping[Stage, float]) -> int:
    """Detections that can come during one run: shorter stages run, and detect, in between.

    Args:
        lasts: seconds of a run of each stage, at the most; where that is unknown, or longer, its period.
    """
    detecting = [application.stage_of(k.decision) for k in application.sinks]

    def during(index: int, stage: Stage) -> int:
        seconds = min(lasts.get(stage, math.inf), float(stage.period))
        inside = [s for s in detecting if s in application.stages[: index + 1]]
        return sum(math.floor((seconds + float(application.jitter(s))) / float(s.period)) + 1 for s in inside)

    return max(during(i, s) for i, s in enumerate(application.stages))


def _calls(application: Application, stage: Stage, cost: StageCost) -> list[Fraction]:
    """Cycles between two moments at which another stage may run: what lies around the calls is part of the outer."""
    calls = [Fraction(c) for c in cost.calls] or [Fraction(0)]
    made = sum(ring.item.nbytes for ring in stage.pushes) + sum(s.read.nbytes for s in stage.graph.states)
    sinks = sum(application.stage_of(k.decision) is stage for k in application.sinks)
    calls[0] += COPY * _window(stage) + RUN
    calls[-1] += COPY * made + RUN + ACT * sinks
    return calls


def _window(stage: Stage) -> int:
    """Bytes of the window that a stage reads."""
    return stage.ring.item.nbytes * stage.ring.length


def _interrupts(application: Application, clock_hz: int) -> list[_Task]:
    """The sensors' interrupts, which copy each buffer into rings."""
    found = []
    for source in application.sources:
        rings = [r for r in application.rings if r.source is source]
        items = application.buffer(source)
        cycles = INTERRUPT + sum(INTERRUPT + COPY * items * r.item.nbytes for r in rings)
        found.append(_Task(float(items / source.rate), float(cycles * MARGIN) / clock_hz))
    return found


def _worst(task: _Task, blocking: float, first: Sequence[_Task]) -> tuple[float, float]:
    """The longest from a trigger to the start and to the end of a run, where `first` always goes first.

    Every run of the longest busy time is looked at: from a moment at which everything comes at once, and a longer call
    has just begun, to the first moment with nothing left to do.
    """
    if sum(t.cost / t.period for t in (task, *first)) >= 1:
        return math.inf, math.inf
    start = response = 0.0
    for run in range(RUNS):
        trigger = max(0.0, run * task.period - task.jitter)
        begun, done = (_settle(blocking + runs * task.cost, first, RUNS * task.period) for runs in (run, run + 1))
        start, response = max(start, begun - trigger), max(response, done - trigger)
        if done <= (run + 1) * task.period - task.jitter:
            return start, response
    return math.inf, math.inf


def _settle(own: float, first: Sequence[_Task], most: float) -> float:
    """The least r with r = own + what `first` takes in r, or infinite where that is above `most`."""
    r = own
    while (longer := own + sum(t.within(r) for t in first)) > r * (1 + 1e-12):
        if longer > most:
            return math.inf
        r = longer
    return r


def _capacity(application: Application, stage: Stage, waiting: float) -> int:
    """Items that may lie in the stage's ring: a window, and what comes while it waits to be read.

    A stage that can never keep up gets two windows: it will miss deadlines, and the report says so.
    """
    ring = stage.ring
    item_period = stage.period / ring.stride
    arriving = 2 * ring.length if math.isinf(waiting) else math.ceil(waiting / float(item_period))
    at_a_time = application.buffer(stage.source) if ring.source else 1
    return -(-(ring.length + arriving + at_a_time) // at_a_time) * at_a_time
