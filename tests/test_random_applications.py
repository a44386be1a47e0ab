"""Random trees of stages: what they compute, when they say it was, and how long they take, against what was worked out.

Stages share streams, overlap, leave gaps, keep states, waste time in single long calls, and act on what they find.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

import motes as mt
from motes.ir import Array
from motes.report.reading import responses
from motes.stream import Stream
from motes.target import Board
from sums import LABELS, decided, parity, total, totals, windows

ROUND = 4
"""Cycles of one round that a call wastes, about."""


@dataclass(frozen=True)
class Known:
    """A stream, what it must hold, and of how many samples item j is: first + j * every."""

    stream: Stream
    values: Array
    first: int
    every: int


def random_application(seed: int, samples: Array, rate: int, clock_hz: int) -> tuple[mt.App, list[Known]]:
    """An application whose every stage is one of the streams that come with it."""
    rng = np.random.default_rng(seed)
    sensor = Known(mt.Microphone(rate=rate), samples, 1, 1)
    found: list[Known] = []
    count = int(rng.integers(2, 5))
    for _ in range(count):
        before = found[rng.integers(len(found))] if found and rng.random() < 0.6 else sensor
        if before is sensor:
            stride = int(rng.integers(rate // 200, rate // 20))
            length = stride + int(rng.integers(-stride // 2, stride))
        else:
            stride, length = int(rng.integers(1, 5)), int(rng.integers(1, 6))
        period = Fraction(before.every * stride, rate)
        share = rng.uniform(0.05, 0.9) / count
        parts = rng.uniform(0.02, 1, rng.integers(1, 5))
        spins = [int(p) for p in parts / parts.sum() * share * float(period) * clock_hz / ROUND]
        stream = total(before.stream.window(length, stride), spins)
        values = totals(windows(before.values, length, stride))
        found.append(Known(stream, values, before.first + before.every * (length - 1), before.every * stride))
    actions = [mt.LED if rng.random() < 0.2 else mt.Print for _ in found]
    return mt.App("any", *(act(parity(k.stream)) for act, k in zip(actions, found, strict=True))), found


def expected(app: mt.App, known: list[Known], rate: int, last: int) -> list[tuple[float, str, float]]:
    """What must be printed about the first `last` samples."""
    application = app.application
    buffer = application.buffer(application.sources[0])
    events = []
    for number, k in enumerate(known):
        if application.sinks[number].action == "print":
            for i, label in decided(k.values):
                end = -(-(k.first + i * k.every) // buffer) * buffer
                if end <= last // buffer * buffer:
                    events.append((end * 1_000_000 // rate / 1e6, LABELS[label], float(k.values[i])))
    return sorted(events)


def check(seed: int, folder: Path, where: Board) -> None:
    assert where.chip is not None
    rng = np.random.default_rng([seed, 1])
    rate = int(rng.choice((4000, 8000, 16_000)))
    samples = rng.integers(-3000, 3000, int(rate * 0.8)).astype(np.int16)
    recording = folder / "noise.wav"
    soundfile.write(recording, samples, rate, subtype="PCM_16")
    app, known = random_application(seed, samples, rate, where.chip.clock_hz)
    wanted = expected(app, known, rate, len(samples))
    on_host = app.build("host", out=folder / "host").run(recording)
    assert sorted((e.time_s, e.label, e.score) for e in on_host.events) == wanted
    on_board = app.build(where.name, out=folder / "board").run(recording)
    outcome = on_board.outcome
    schedule = outcome.made.schedule
    for stage in app.application.stages:
        measured = responses(outcome, stage)
        assert measured is not None
        assert measured.took_s.max(initial=0) <= schedule.response[stage], stage.name
        if schedule.meets_deadline(app.application, stage):
            assert not measured.missed.any(), stage.name
    if np.isfinite(list(schedule.start.values())).all():
        assert on_board.outcome.dropped == 0
    if schedule.meets_deadlines(app.application):
        assert (outcome.missed, outcome.lost) == (0, 0)
        assert sorted((e.time_s, e.label, e.score) for e in on_board.events) == wanted


@pytest.mark.cores(one_in=4)
@pytest.mark.parametrize("seed", range(3))
def test_board_host_and_sums_agree(seed: int, tmp_path: Path, virt: Board) -> None:
    check(seed, tmp_path, virt)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3, 40))
def test_board_host_and_sums_agree_for_more(seed: int, tmp_path: Path, virt: Board) -> None:
    check(seed, tmp_path, virt)
