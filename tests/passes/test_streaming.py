"""Streaming forms: each step computes only what is new, and its outputs are those of the whole window."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import numpy as np
import pytest

from conftest import missing, shared_folder
from motes.build import host
from motes.errors import Unsupported
from motes.ir import Graph
from motes.passes import repair
from motes.passes.streaming import Streamed, stream
from motes.proving import compile_graph, self_check
from motes.target import Board
from motes.tflite import load
from time_models import Layers, frames, random_model, steps, temporal, window, windows

WINDOWS = 200
SEEDS = range(60)

MODELS = {
    ("mlperf_tiny/str_ww_ref_model", 30, 1): (826_368, 46_040, 0),
    ("mlperf_tiny/str_ww_ref_model", 30, 3): (826_368, 125_896, 0),
    ("mlperf_tiny/kws_ref_model", 49, 1): (2_656_768, 1_105_408, 998_400),
    ("mlperf_tiny/kws_ref_model", 49, 2): (2_656_768, 1_105_408, 998_400),
    ("mlperf_tiny/kws_ref_model", 49, 3): (2_656_768, 1_317_888, 998_400),
    ("mlperf_tiny/kws_ref_model", 49, 10): (2_656_768, 1_530_368, 998_400),
    ("tflm/micro_speech_quantized", 49, 1): (336_000, 92_800, 64_000),
    ("tflm/micro_speech_quantized", 49, 2): (336_000, 92_800, 64_000),
    ("examples/keyword_spotting/model", 49, 1): (780_080, 491_792, 452_064),
    ("examples/keyword_spotting/model", 49, 10): (780_080, 562_896, 366_176),
}
"""File, rows and step: multiply-accumulates of a window, of a step, and how many of these are recomputed."""


def model(name: str) -> Graph:
    root = Path(__file__).parents[2] if name.startswith("examples/") else shared_folder()
    if root is None:
        missing("the shared models are not beside the project (../shared)")
        raise AssertionError
    found = root / f"{name}.tflite" if name.startswith("examples/") else root / "models" / f"{name}.tflite"
    return repair(load(found, name.rpartition("/")[2]))


def compare(graph: Graph, streamed: Streamed, count: int, sanitize: bool = False) -> np.ndarray:
    """Outputs of so many windows in a row, after making sure that steps give the same."""
    whole, ours = host.load([graph, streamed.graph], sanitize=sanitize, optimise="-O0" if sanitize else "-O2")
    rows, step = streamed.rows, streamed.step
    given = frames(graph, rows, rows + step * (count - 1))
    expected = whole.run_many(windows(graph, rows, step, given))
    found = ours.run_many(steps(rows, step, given, streamed.graph.inputs[0].shape))
    for got, want in zip(found, expected, strict=True):
        assert len(want) == count
        np.testing.assert_array_equal(got[streamed.warmup :], want)
    return expected[0]


# ------------------------------------------------------------------------------------------------ models


@pytest.mark.parametrize(("name", "rows", "step"), MODELS)
def test_steps_equal_windows(name: str, rows: int, step: int) -> None:
    graph = model(name)
    streamed = stream(graph, rows, step)
    assert (graph.macs, streamed.graph.macs, streamed.recomputed) == MODELS[name, rows, step]
    assert streamed.warmup == -(-rows // step) - 1
    assert streamed.exact == (streamed.recomputed == 0)
    assert len(np.unique(compare(graph, streamed, WINDOWS))) > 3


def test_less_is_kept() -> None:
    graph = model("examples/keyword_spotting/model")
    forms = [stream(graph, 49, 10, depth) for depth in range(1, 6)]
    kept = [sum(s.read.nbytes for s in form.graph.states) for form in forms]
    assert [(form.graph.macs, form.recomputed) for form in forms] == [
        (607_280, 410_560),
        (602_960, 406_240),
        (572_240, 375_520),
        (571_088, 374_368),
        (562_896, 366_176),
    ]
    assert kept == [3160, 4360, 4760, 6360, 6360]
    compare(graph, forms[2], 30)


@pytest.mark.parametrize("padding", ["CAUSAL", "SAME", "VALID"])
@pytest.mark.parametrize("step", [1, 4])
def test_dilated_blocks(padding: str, step: int) -> None:
    graph = temporal(padding=padding)
    streamed = stream(graph, 40, step)
    once = sum(n.op.macs(n) // n.output.shape[1] for n in graph.nodes[:-1])
    assert streamed.exact == (padding != "SAME")
    if streamed.exact:  # the last row sees no padding, and nothing else is asked for
        assert streamed.graph.macs <= step * once + graph.nodes[-1].op.macs(graph.nodes[-1])
    assert len(np.unique(compare(graph, streamed, WINDOWS))) > 3


def test_random_networks() -> None:
    streamed = 0
    for seed in SEEDS:
        graph, rows, step = random_model(seed)
        depth = None if seed % 3 else random.Random(seed).randint(1, len(graph.nodes))
        try:
            made = stream(graph, rows, step, depth)
        except Unsupported:
            continue
        streamed += 1
        compare(graph, made, 30, sanitize=True)
    assert streamed > len(SEEDS) // 2


def on_the_board(where: Board, name: str, rows: int, step: int, count: int) -> None:
    """Compare so many windows with steps on a virtual board."""
    graph = model(name)
    streamed = stream(graph, rows, step)
    proved = compile_graph(streamed.graph, where, "model")
    self_check(proved, "zig")
    given = frames(graph, rows, rows + step * (count - 1))
    (whole,) = host.load([graph])
    (found,) = proved.replay([[(x,) for x in steps(rows, step, given, streamed.graph.inputs[0].shape)]])
    (expected,) = whole.run_many(windows(graph, rows, step, given))
    np.testing.assert_array_equal(np.stack([y for (y,) in found[streamed.warmup :]]), expected)


@pytest.mark.cores(one_in=2)
def test_on_the_board(virt: Board) -> None:
    on_the_board(virt, "mlperf_tiny/str_ww_ref_model", 30, 1, 4)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "rows", "step"), MODELS)
def test_longer_on_the_board(name: str, rows: int, step: int, virt: Board) -> None:
    on_the_board(virt, name, rows, step, WINDOWS)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(100, 500, 20))
def test_more_random_networks(first: int) -> None:
    for seed in range(first, first + 20):
        graph, rows, step = random_model(seed)
        with contextlib.suppress(Unsupported):
            compare(graph, stream(graph, rows, step), 30, sanitize=True)


# ------------------------------------------------------------------------------------------------ refusals


def dense_first() -> Graph:
    layers = Layers(random.Random(1), window(10))
    return layers.graph(layers.dense(layers.relu(layers.shaped(layers.input, 1, 40)), 3))


def padded_throughout() -> Graph:
    layers = Layers(random.Random(1), window(10))
    return layers.graph(layers.dense(layers.conv(layers.input, (9, 1), 4, padding="SAME"), 3))


def nothing_to_do() -> Graph:
    layers = Layers(random.Random(1), window(10))
    return layers.graph(layers.relu(layers.input))


@pytest.mark.parametrize(
    ("graph", "step", "words"),
    [
        (
            dense_first(),
            1,
            "RESHAPE n0: takes all 10 rows of x at once, and nothing in front of it can be kept from window to window; "
            "run it on whole windows",
        ),
        (
            padded_throughout(),
            2,
            "CONV_2D n0: of the 10 rows of n0_y, 2 see no padding in time, and a step brings 2 new ones: nothing is "
            "left to keep; take shorter steps, or train the model with padding='valid'",
        ),
        (temporal(), 40, "model: steps of 40 rows leave nothing of a window of 40; take shorter steps"),
        (nothing_to_do(), 1, "model: no operator computes row by row over time; run it on whole windows"),
    ],
)
def test_refusals(graph: Graph, step: int, words: str) -> None:
    with pytest.raises(Unsupported) as error:
        stream(graph, graph.inputs[0].shape[1], step)
    assert str(error.value) == words
