"""Response times and ring sizes, against a simulation that shares no code with them."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from motes.application import Action, Application, Ring, Stage, trace
from motes.ir import DType, Kernel, Node, Op, quant
from motes.schedule import ACT, COPY, INTERRUPT, MARGIN, Schedule, StageCost, _calls, schedule
from motes.stream import Source, Stream, Tensor, step

CLOCK = 64_000_000
MS = CLOCK // 1000


class Take(Op):
    """Any tensor from any other."""

    kernels = (Kernel("take", "take.h"),)

    def check(self, node: Node) -> None:
        pass


def two_stages(hop: int = 20, window: int = 30, frames: int = 4, stride: int = 2) -> Application:
    """A sensor at 1 kHz, a stage every `hop` ms, and one over `frames` of its results."""
    source = Stream(Tensor("samples", (), DType.INT16), Source("microphone", Fraction(1000)), Fraction(1, 1000))
    features = step("features", Take(), [source.window(window, hop)], ((8,), DType.INT8, None))
    decision = step(
        "decide", Take(), [features.window(frames, stride)], ((2,), DType.INT32, quant(0.1, 0)), labels=("a",)
    )
    return trace("two", [Action("print", decision)])


def test_stages_are_cut_at_windows_and_ordered_by_period():
    application = two_stages()
    hop, infer = application.stages
    assert (hop.name, infer.name) == ("features", "decide")
    assert (hop.period, infer.period) == (Fraction(20, 1000), Fraction(40, 1000))
    assert hop.pushes == (infer.ring,)
    assert (hop.first, hop.every) == (30, 20)
    assert (infer.first, infer.every) == (30 + 3 * 20, 40)


def test_buffers_end_where_windows_do():
    application = two_stages(hop=20, window=30)
    assert application.buffer(application.sources[0]) == 10


def test_a_long_stage_of_short_calls_blocks_for_one_call_only():
    application = two_stages()
    hop, infer = application.stages
    found = schedule(application, {hop: StageCost((MS,)), infer: StageCost((2 * MS, 5 * MS, 3 * MS))}, CLOCK)
    assert 5e-3 * float(MARGIN) < found.start[hop] < 6.1e-3
    assert found.response[hop] >= found.start[hop] + 1e-3 * float(MARGIN)


def test_a_board_that_is_too_slow_is_said_to_be():
    application = two_stages()
    hop, infer = application.stages
    found = schedule(application, {hop: StageCost((30 * MS,)), infer: StageCost((100,))}, CLOCK)
    assert math.isinf(found.response[infer])
    assert found.utilisation > 1
    assert not found.meets_deadlines(application)


def test_without_a_clock_nothing_waits():
    application = two_stages()
    found = schedule(application, None, 1)
    assert set(found.response.values()) == {0.0}
    assert found.meets_deadlines(application)


class Simulation:
    """The cooperative scheme, played call by call. Times are in cycles; a trigger is when a window's last buffer came.

    What lies around the calls costs what the schedule reckons with: everything else is worked out here.
    """

    def __init__(self, application: Application, costs: dict[Stage, StageCost], found: Schedule, seed: int) -> None:
        self.application, self.found = application, found
        self.stages = application.stages
        self.random = np.random.default_rng(seed)
        self.calls = {s: [float(c * MARGIN) for c in _calls(application, s, costs[s])] for s in self.stages}
        for calls in self.calls.values():
            calls[-1] -= float(ACT * MARGIN)  # comes later, in main
        self.now = 0.0
        self.delivered = dict.fromkeys(application.sources, 0)
        self.queued = self.most_queued = 0
        self.runs = dict.fromkeys(self.stages, 0)
        self.made = dict.fromkeys(self.stages, 0)
        self.late: list[str] = []

    def items(self, ring: Ring) -> int:
        """Written to a ring so far."""
        if ring.source:
            return self.delivered[ring.source]
        return next(self.made[s] for s in self.stages if ring in s.pushes)

    def due(self, stage: Stage) -> bool:
        return self.items(stage.ring) >= stage.ring.length + self.runs[stage] * stage.ring.stride

    def next_buffer(self) -> tuple[float, Source]:
        """When the next buffer comes, and whose it is."""
        size = self.application.buffer
        return min(
            ((float((n + size(s)) / s.rate * CLOCK), s) for s, n in self.delivered.items()), key=lambda found: found[0]
        )

    def work(self, cycles: float) -> None:
        """Be busy; interrupts take their time in between."""
        end = self.now + cycles
        while (coming := self.next_buffer())[0] <= end:
            source = coming[1]
            rings = [r for r in self.application.rings if r.source is source]
            size = self.application.buffer(source)
            end += float(MARGIN * (INTERRUPT + sum(INTERRUPT + COPY * size * r.item.nbytes for r in rings)))
            self.delivered[source] += size
            for ring in rings:
                self.fits(ring)
        self.now = end

    def fits(self, ring: Ring) -> None:
        stage = next(s for s in self.stages if s.ring is ring)
        waiting = self.items(ring) - self.runs[stage] * ring.stride
        if math.isfinite(self.found.start[stage]) and waiting > self.found.capacity[ring]:
            self.late.append(f"{ring.name} holds {waiting} of {self.found.capacity[ring]}")

    def step(self, count: int) -> bool:
        for index, stage in enumerate(self.stages[:count]):
            if self.due(stage):
                self.run(stage, index)
                return True
        return False

    def run(self, stage: Stage, index: int) -> None:
        buffer = self.application.buffer(stage.source)
        last = -(-(stage.first + self.runs[stage] * stage.every) // buffer) * buffer
        trigger = float(last / stage.source.rate * CLOCK)
        self.compare("start", stage, self.now - trigger, self.found.start[stage])
        calls = self.calls[stage]
        for i, cycles in enumerate(calls):
            if i == 0:
                reading = float(COPY * stage.ring.item.nbytes * stage.ring.length * MARGIN)
                self.work(reading)
                self.runs[stage] += 1
                cycles -= reading
            self.work(cycles * (1 if self.random.random() < 0.8 else self.random.random()))
            if i < len(calls) - 1:
                while self.step(index):
                    pass
        self.made[stage] += 1
        for ring in stage.pushes:
            self.fits(ring)
        self.queued += 1
        self.most_queued = max(self.most_queued, self.queued)
        self.compare("end", stage, self.now - trigger, self.found.response[stage])

    def compare(self, what: str, stage: Stage, took: float, computed: float) -> None:
        if took > computed * CLOCK + 1e-3:
            self.late.append(f"{stage.name}: {what} after {took}, computed {computed * CLOCK}")

    def main(self, until: float) -> None:
        """Run, and act on each detection, as main.c does."""
        while self.now < until:
            while not self.queued:
                if not self.step(len(self.stages)):
                    self.now = max(self.now, self.next_buffer()[0])
                    self.work(0)
            while self.queued:
                self.work(float(ACT * MARGIN))
                self.queued -= 1


@st.composite
def applications(draw: st.DrawFn) -> tuple[Application, dict[Stage, StageCost]]:
    """A tree of stages behind one sensor, and what they cost: from hardly anything to more than the core can do."""
    rate = Fraction(draw(st.sampled_from((1000, 12_000, 16_000))))
    source = Stream(Tensor("samples", (), DType.INT16), Source("microphone", rate), 1 / rate)
    streams, decisions = [source], []
    for i in range(draw(st.integers(1, 4))):
        before = streams[draw(st.integers(0, len(streams) - 1))]
        if before is source:
            stride = draw(st.integers(int(rate) // 500, int(rate) // 20))
            window = source.window(stride + draw(st.integers(0, stride)), stride)
        else:
            window = before.window(draw(st.integers(1, 6)), draw(st.integers(1, 4)))
        features = step(f"features_{i}", Take(), [window], ((8,), DType.INT8, None))
        decide = step(f"decide_{i}", Take(), [features], ((2,), DType.INT32, quant(0.1, 0)), labels=("a",))
        streams.append(features)
        decisions.append(decide)
    application = trace("any", [Action("print", d) for d in decisions])
    costs = {}
    for s in application.stages:
        share = draw(st.floats(0.01, 0.5))
        parts = draw(st.lists(st.floats(0.05, 1), min_size=1, max_size=5))
        total = share * float(s.period) * CLOCK / sum(parts)
        costs[s] = StageCost(tuple(int(total * p) for p in parts))
    return application, costs


@settings(max_examples=150, deadline=None)
@given(applications(), st.integers(0, 1000))
def test_no_simulated_run_is_worse_than_computed(drawn, seed):
    application, costs = drawn
    found = schedule(application, costs, CLOCK)
    played = Simulation(application, costs, found, seed)
    longest = max(s.period for s in application.stages)
    if all(math.isfinite(found.response[s]) for s in application.stages):
        played.main(float(40 * longest) * CLOCK)
        assert not played.late, played.late[:5]
        if found.meets_deadlines(application):
            assert played.most_queued <= found.queue


def test_capacity_covers_what_comes_while_a_long_call_runs():
    application = two_stages()
    hop, infer = application.stages
    found = schedule(application, {hop: StageCost((MS,)), infer: StageCost((30 * MS,))}, CLOCK)
    waiting = np.ceil(found.start[hop] * 1000)
    assert found.capacity[hop.ring] >= 30 + waiting
    assert found.capacity[hop.ring] % 10 == 0
