"""Why the micro front end and TFLM's preprocessor of signal operators differ, and that nothing else does.

Both are built from the same C (`filter_bank.h`, `integer_math.h`, `fft_s16.h`), each held to its own oracle: the front
end to `pymicro-features` in `test_micro_frontend.py`, the preprocessor's model to TensorFlow Lite Micro here. What sets
them apart are constants, and what an auto-scale makes of -32768; `docs/blocks.md` says it in words.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from front_end import frames, generated
from motes.blocks import MicroFrontend, Microphone
from motes.blocks.micro_frontend import tables
from motes.build import host
from motes.ir import Array, Graph, Node
from motes.proving import compile_graph, layers_of, lcg
from motes.target import board
from motes.tflite import load
from streams import clips, graph_of
from tflm import run_tflm

WINDOW, STEP, CHANNELS, BINS = 480, 160, 40, 256
LOWEST = {"lowest", "square", "impulses", "swelling"}
"""Signals in which -32768 meets the middle of a window."""


def file_of(shared: Path) -> Path:
    return shared / "models" / "tflm" / "audio_preprocessor_int8.tflite"


def windows(samples: Array) -> Array:
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::STEP])


def node_of(graph: Graph, title: str) -> Node:
    (node,) = (n for n in graph.nodes if n.op.title == title)
    return node


def raw(graph: Graph, samples: Array) -> Array:
    """What the preprocessor computes before it makes int8 of it: int16 (frames, channels)."""
    log = node_of(graph, "SignalFilterBankLog").output
    (run,) = host.load([dataclasses.replace(graph, outputs=(log,))])
    (made,) = run.run_many(windows(samples)[:, None])
    return made


def constants(graph: Graph) -> tuple[Array, dict[int, tuple[int, int]]]:
    """The preprocessor's window; and by bin, its weight in the channel below and in the one above."""
    window = np.asarray(node_of(graph, "SignalWindow").input(1).data)
    bank = node_of(graph, "SignalFilterBank")
    params = bank.op.params(bank)
    rows = iter(np.asarray(params["weights"]).tolist())
    starts, widths = (np.asarray(params[name]).tolist() for name in ("starts", "widths"))
    return window, {first + i: tuple(next(rows)) for first, n in zip(starts, widths, strict=True) for i in range(n)}


def doubles() -> dict[int, float]:
    """By bin, the weight in the channel below, in double precision."""
    low, high = (1127 * math.log1p(hz / 700) for hz in (125, 7500))
    spacing = (high - low) / (CHANNELS + 1)
    places = {k: (1127 * math.log1p(k * 8000 / BINS / 700) - low) / spacing for k in range(5, BINS)}
    return {k: math.ceil(x) - x for k, x in places.items() if x <= CHANNELS + 1}


# ------------------------------------------------------------------------------------------------ the model


@pytest.mark.parametrize("name", generated())
def test_the_preprocessor_equals_tflm(name: str, shared: Path) -> None:
    graph, given = load(file_of(shared)), windows(generated()[name])[:, None]
    (run,) = host.load([graph])
    (want,) = run_tflm(file_of(shared).read_bytes(), [(x,) for x in given])
    assert np.array_equal(run.run_many(given)[0], want)


# ------------------------------------------------------------------------------------------------ the differences


def test_weights_of_the_preprocessor_are_rounded_down(shared: Path) -> None:
    _, weights = constants(load(file_of(shared)))
    assert weights == {k: (math.floor(4096 * w), math.floor(4096 * (1 - w))) for k, w in doubles().items()}


def test_weights_of_the_front_end_are_rounded_to_the_nearest() -> None:
    first, slopes = tables.filter_bank(16_000, WINDOW, CHANNELS, 125.0, 7500.0)
    made = dict(enumerate((tuple(row) for row in np.concatenate(slopes).tolist()), first))
    want = {k: (math.floor(4096 * w + 0.5), math.floor(4096 * (1 - w) + 0.5)) for k, w in doubles().items()}
    assert {k for k in want if made[k] != want[k]} == {149, 221}  # just below a half, which single precision reaches
    assert made.keys() == want.keys()


def test_one_value_of_the_window_differs(shared: Path) -> None:
    window, _ = constants(load(file_of(shared)))
    assert np.flatnonzero(window != tables.hann(WINDOW)).tolist() == [17]
    exact = 4096 * (0.5 - 0.5 * math.cos(2 * math.pi * 17.5 / WINDOW))
    assert 53.4999 < exact < 53.5  # which single precision rounds to 53.5
    assert (window[17], tables.hann(WINDOW)[17]) == (53, 54)


# ------------------------------------------------------------------------------------------------ nothing else


@pytest.fixture
def same_constants(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The front end computes with the preprocessor's window and weights."""
    window, weights = constants(load(file_of(shared)))
    first, slopes = tables.filter_bank(16_000, WINDOW, CHANNELS, 125.0, 7500.0)
    ends = np.cumsum([first, *map(len, slopes)])
    mine = [np.array([weights[k] for k in range(a, b)], np.int16) for a, b in itertools.pairwise(ends)]
    monkeypatch.setattr(tables, "hann", lambda length: window)
    monkeypatch.setattr(tables, "filter_bank", lambda *settings: (first, mine))


@pytest.mark.usefixtures("same_constants")
def test_with_the_same_constants_both_are_equal(shared: Path) -> None:
    graph = load(file_of(shared))
    signals = [*(x for name, x in generated().items() if name not in LOWEST), *clips(shared, every=20)]
    for samples in signals:
        assert np.array_equal(frames(MicroFrontend(30, 10, raw=True), samples), raw(graph, samples))


@pytest.mark.usefixtures("same_constants")
def test_what_is_left_is_an_auto_scale_that_meets_the_lowest_sample(shared: Path) -> None:
    loud, quiet = np.full(WINDOW // 2, 20_000, np.int16), np.full(WINDOW // 2, 3, np.int16)
    samples = np.concatenate([loud, quiet])
    graph = load(file_of(shared))
    last = WINDOW // 2 - 1  # of the loud ones; the window is 1 there
    for lowest, equal in ((-32767, True), (-32768, False)):
        samples[last] = lowest
        made = frames(MicroFrontend(30, 10, raw=True), samples)
        assert np.array_equal(made, raw(graph, samples)) is equal


def test_how_often_they_differ(shared: Path) -> None:
    graph, different, most, count = load(file_of(shared)), 0, 0, 0
    for samples in clips(shared, every=20):
        distance = np.abs(frames(MicroFrontend(30, 10, raw=True), samples).astype(int) - raw(graph, samples))
        different, most, count = (
            different + int((distance > 0).sum()),
            max(most, int(distance.max())),
            count + distance.size,
        )
    assert (different, most, count) == RECORDED


# ------------------------------------------------------------------------------------------------ what they cost

CYCLES = {"front end": 38_590, "preprocessor": 65_315}
"""On virt-m4 by the default compiler. They may only fall, and have 1% to spare for where the linker places the code."""


@pytest.mark.parametrize("name", CYCLES)
def test_cycles(name: str, shared: Path) -> None:
    graph = graph_of(MicroFrontend(30, 20)(Microphone())) if name == "front end" else load(file_of(shared))
    proved = compile_graph(graph, board("virt-m4"), "one", inputs=lcg(graph.inputs))
    assert sum(layer.cycles for layer in layers_of(proved, proved.measure())) <= CYCLES[name] * 1.01


RECORDED = (677, 133, 58_800)
"""Values that differ in recordings, by how much at most, and how many values there are."""
