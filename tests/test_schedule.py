"""Response times and ring sizes, against a simulation that shares no code with them."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motes.application import Action, Application, trace
from motes.ir import DType, Kernel, Node, Op, quant
from motes.schedule import COPY, MARGIN, RUN, StageCost, schedule
from motes.stream import Source, Stream, Tensor, step

CLOCK = 1_000_000


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
    found = schedule(application, {hop: StageCost((1000,)), infer: StageCost((2000, 5000, 3000))}, CLOCK)
    assert found.start[hop] == pytest.approx(5000 * float(MARGIN) / CLOCK)
    assert found.response[hop] >= found.start[hop] + 1000 * float(MARGIN) / CLOCK


def test_a_board_that_is_too_slow_is_said_to_be():
    application = two_stages()
    hop, infer = application.stages
    found = schedule(application, {hop: StageCost((30_000,)), infer: StageCost((100,))}, CLOCK)
    assert math.isinf(found.response[infer])
    assert found.utilisation > 1
    assert not found.meets_deadlines(application)


def test_without_a_clock_nothing_waits():
    application = two_stages()
    found = schedule(application, None, 1)
    assert set(found.response.values()) == {0.0}
    assert found.meets_deadlines(application)


@settings(max_examples=60, deadline=None)
@given(
    hop_cost=st.integers(100, 9_000),
    calls=st.lists(st.integers(500, 60_000), min_size=1, max_size=6),
    stride=st.integers(2, 8),
)
def test_no_simulated_run_is_worse_than_computed(hop_cost, calls, stride):
    application = two_stages(frames=8, stride=stride)
    hop, infer = application.stages
    found = schedule(application, {hop: StageCost((hop_cost,)), infer: StageCost(tuple(calls))}, CLOCK)
    if not found.meets_deadlines(application):
        return
    # The cycles that the schedule reckons with, copies and all, played through a cooperative scheduler.
    hop_time = (hop_cost + 2 * RUN + COPY * (30 * 2 + 8)) * float(MARGIN)
    times = [c * float(MARGIN) for c in calls]
    times[0] += (COPY * 64 + RUN) * float(MARGIN)
    times[-1] += RUN * float(MARGIN)
    worst = simulate(hop_time, times, stride)
    assert worst["hop start"] <= found.start[hop] * CLOCK + 1e-6
    assert worst["infer end"] <= found.response[infer] * CLOCK + 1e-6
    assert worst["samples waiting"] <= found.capacity[hop.ring]
    assert worst["frames waiting"] <= found.capacity[infer.ring]


def simulate(hop_time: float, calls: list[float], stride: int, runs: int = 60) -> dict[str, float]:
    """Two stages on one core, 1 cycle = 1 us; windows as in `two_stages`, samples in buffers of 10."""
    clock, hops, infers = 0.0, 0, 0
    position = 0  # of the next call of a running inference, 0 = none runs
    worst = dict.fromkeys(("hop start", "infer end", "samples waiting", "frames waiting"), 0.0)
    infer_due = 0.0

    def hop_due(n: int) -> int:
        return (30 + 20 * n) * 1000

    while infers < runs:
        frames_ready = hops >= 8 + infers * stride
        if clock >= hop_due(hops):
            worst["hop start"] = max(worst["hop start"], clock - hop_due(hops))
            waiting = clock // 10_000 * 10 - 20 * hops
            worst["samples waiting"] = max(worst["samples waiting"], waiting)
            clock += hop_time
            hops += 1
            worst["frames waiting"] = max(worst["frames waiting"], hops - infers * stride - (stride if position else 0))
        elif position or frames_ready:
            if not position:
                infer_due = hop_due(7 + infers * stride)
            clock += calls[position]
            position += 1
            if position == len(calls):
                worst["infer end"] = max(worst["infer end"], clock - infer_due)
                position, infers = 0, infers + 1
        else:
            clock = hop_due(hops)
    return worst


def test_capacity_covers_what_comes_while_a_long_call_runs():
    application = two_stages()
    hop, infer = application.stages
    found = schedule(application, {hop: StageCost((1000,)), infer: StageCost((30_000,))}, CLOCK)
    waiting = np.ceil(found.start[hop] * 1000)
    assert found.capacity[hop.ring] >= 30 + waiting
    assert found.capacity[hop.ring] % 10 == 0
