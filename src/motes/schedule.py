"""When the stages of an application run: response times, utilisation, and how long rings must be.

Scheduling is cooperative. A due stage with a shorter period runs first; between two calls of a running stage, due
stages with shorter periods run. So a stage waits at most for the longest single call of the stages with longer periods,
and for what the shorter ones take meanwhile: the classic response-time recurrence with blocking (Audsley et al. 1993).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from motes.application import Application, Ring, Stage

MARGIN = Fraction(115, 100)
"""On measured cycles: for interrupts, and for inputs that take other branches."""

COPY = 2
"""Cycles a byte, at most, to copy into or out of a ring."""

RUN = 600
"""Cycles around a stage's calls: finding it due, queueing and printing a detection, leaving."""


@dataclass(frozen=True)
class StageCost:
    """Cycles of a stage's calls, in order, measured on the board."""

    calls: tuple[int, ...]

    @property
    def total(self) -> int:
        """Cycles of one run."""
        return sum(self.calls)


@dataclass(frozen=True)
class Schedule:
    """What to expect of an application on a board.

    `start` and `response` are worst-case seconds from a trigger to the start and to the end of the stage, infinite
    where the board is too slow; `capacity` is in items.
    """

    start: Mapping[Stage, float]
    response: Mapping[Stage, float]
    utilisation: float
    capacity: Mapping[Ring, int]

    def meets_deadlines(self, application: Application) -> bool:
        """Whether every stage ends, at the worst, before its next trigger."""
        return all(self.response[s] <= s.period for s in application.stages)


def schedule(application: Application, costs: Mapping[Stage, StageCost] | None, clock_hz: int) -> Schedule:
    """The schedule of an application on a core.

    Args:
        costs: cycles of every stage; None: unknown, as on the host, where work takes no virtual time.
        clock_hz: of the core.
    """
    stages = application.stages
    if costs is None:
        instant = dict.fromkeys(stages, 0.0)
        return Schedule(instant, instant, 0.0, {s.ring: _capacity(application, s, 0.0) for s in stages})
    seconds = {s: [float(c * MARGIN) / clock_hz for c in _calls(s, costs[s])] for s in stages}
    start: dict[Stage, float] = {}
    response: dict[Stage, float] = {}
    for i, stage in enumerate(stages):
        blocking = max((c for other in stages[i + 1 :] for c in seconds[other]), default=0.0)
        shorter = [(float(other.period), sum(seconds[other])) for other in stages[:i]]
        start[stage] = _settle(blocking, shorter)
        response[stage] = _settle(blocking + sum(seconds[stage]), shorter)
    utilisation = sum(sum(seconds[s]) / float(s.period) for s in stages)
    capacity = {s.ring: _capacity(application, s, start[s]) for s in stages}
    return Schedule(start, response, utilisation, capacity)


def _calls(stage: Stage, cost: StageCost) -> list[int]:
    """Cycles between two moments at which another stage may run: the copies belong to the first call and the last."""
    calls = list(cost.calls) or [0]
    window = stage.ring.item.nbytes * stage.ring.length
    made = sum(ring.item.nbytes for ring in stage.pushes)
    calls[0] += COPY * window + RUN
    calls[-1] += COPY * made + RUN
    return calls


def _settle(own: float, shorter: list[tuple[float, float]]) -> float:
    """The least r with r = own + what shorter stages take in r; infinite where they leave no room."""
    if sum(cost / period for period, cost in shorter) >= 1:
        return math.inf
    r = own
    for _ in range(1000):
        longer = own + sum((math.floor(r / period) + 1) * cost for period, cost in shorter)
        if longer <= r + 1e-12:
            return longer
        r = longer
    return math.inf


def _capacity(application: Application, stage: Stage, waiting: float) -> int:
    """Items that may lie in the stage's ring: a window, and what comes while it waits to be read.

    A stage that can never keep up gets two windows: it will miss deadlines, and the report says so.
    """
    ring = stage.ring
    item_period = stage.period / ring.stride
    arriving = 2 * ring.length if math.isinf(waiting) else math.ceil(waiting / float(item_period))
    at_a_time = application.buffer(stage.source) if ring.source else 1
    return -(-(ring.length + arriving + at_a_time) // at_a_time) * at_a_time
