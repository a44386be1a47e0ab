"""Models that remember: the wake words of microWakeWord step by step against TFLM, and as stages of applications."""

from __future__ import annotations

import functools
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
import tflite

import motes as mt
from conftest import missing, shared_folder
from motes.build import host
from motes.build.host import HostGraph
from motes.ir import Array, DType, Tensor, quant
from motes.proving import compile_graph, self_check
from motes.running import Trace
from motes.target import Board
from motes.tflite import load
from motes.train import on_host
from tflite_writer import Extras, Operator, Subgraph, write_model
from tflm import run_tflm

MODELS = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu", "vad")
RUNS, STEPS = 100, 50
"""Random and structured inputs for each model in one stream; and streams of so many steps."""
ON_BOARD = 4
"""Steps on the virtual board."""
RATE = 16_000
FRAME = {"window_ms": 30, "stride_ms": 10, "channels": 40}

every_model = pytest.mark.parametrize("name", MODELS)


def path_of(name: str) -> Path:
    root = shared_folder()
    if root is None:
        missing("the shared models are not beside the project (../shared)")
        raise AssertionError
    return root / "models" / "microwakeword" / f"{name}.tflite"


def logits_of(name: str) -> bytes:
    """The model with the input of its LOGISTIC as output: probabilities are 0 nearly always, and so prove little."""
    data = bytearray(path_of(name).read_bytes())
    graph = tflite.Model.GetRootAs(bytes(data), 0).Subgraphs(0)
    (node,) = (n for n in load(bytes(data)).nodes if n.op.title == "LOGISTIC")
    table = graph._tab
    struct.pack_into("<i", data, table.Vector(table.Offset(8)), graph.Operators(node.sources[0]).Inputs(0))
    return bytes(data)


@functools.cache
def compiled(name: str) -> tuple[HostGraph, HostGraph]:
    """The model, and the one that gives logits."""
    whole, logits = host.load([load(path_of(name)), load(logits_of(name))])
    return whole, logits


def draw(seed: int) -> Array:
    """int8 (RUNS, 1, 3, 40): noise, noise around any level, stripes that move, steps from silence to the loudest."""
    rng = np.random.default_rng(seed)

    def one(i: int) -> Array:
        if i % 4 == 0:
            return rng.integers(-128, 128, (3, 40))
        if i % 4 == 1:
            return rng.integers(-128, 128) + 2.0 ** rng.uniform(0, 6) * rng.normal(size=(3, 40))
        if i % 4 == 2:
            return 100 * np.sin((np.arange(40) + 3 * i) / rng.uniform(2, 9)) + rng.normal(size=(3, 1)) * 20
        return np.full((3, 40), rng.choice((-128, 127)))

    return np.clip(np.rint(np.stack([one(i) for i in range(RUNS)])), -128, 127).astype(np.int8)[:, np.newaxis]


def heard(tensor: Tensor) -> Array:
    """int8 (STEPS, 1, 3, 40): words of real recordings as the models were trained to hear them, silence between."""
    root = shared_folder()
    assert root is not None
    clips = sorted((root / "data" / "speech_commands_v0.01").glob("*/*.wav"))[::97][:3]
    sound = np.concatenate([soundfile.read(clip, dtype="int16")[0] for clip in clips])
    front_end = on_host(mt.MicroFrontend(**FRAME, raw=True)(mt.Microphone(rate=RATE)))
    frames = np.lib.stride_tricks.sliding_window_view(sound, 480)[::160][: 3 * STEPS]
    (raw,) = front_end.run_many(np.ascontiguousarray(frames))
    values = np.rint(raw / 25.6 / tensor.scale) + tensor.zero_point
    return np.clip(values, -128, 127).astype(np.int8).reshape(STEPS, 1, 3, 40)


# ------------------------------------------------------------------------------------------------ answers


@every_model
def test_every_step_equals_tflm(name: str) -> None:
    files = (path_of(name).read_bytes(), logits_of(name))
    for model, data in zip(compiled(name), files, strict=True):
        for inputs in (draw(1), heard(model.graph.inputs[0])):
            assert len(inputs) >= STEPS
            (expected,) = run_tflm(data, [(x,) for x in inputs])
            model.reset()
            (found,) = model.run_many(inputs)
            np.testing.assert_array_equal(found, expected)
    assert len(np.unique(expected)) > 10


@every_model
def test_memory_matters_and_is_forgotten(name: str) -> None:
    _, model = compiled(name)
    inputs = draw(1)
    model.reset()
    (whole,) = model.run_many(inputs)
    afresh = []
    for x in inputs:
        model.reset()
        afresh.append(model(x)[0])
    assert not np.array_equal(whole, np.stack(afresh))
    assert np.array_equal(whole[0], afresh[0])


@pytest.mark.cores(one_in=10)
@every_model
def test_the_board_remembers_too(name: str, virt: Board) -> None:
    _, model = compiled(name)
    proved = compile_graph(load(logits_of(name)), virt, name)
    self_check(proved, "zig")
    inputs = heard(model.graph.inputs[0])[20 : 20 + ON_BOARD]
    model.reset()
    (expected,) = model.run_many(inputs)
    (steps,) = proved.replay([[(x,) for x in inputs]])
    np.testing.assert_array_equal(np.stack([y for (y,) in steps]), expected)


# ------------------------------------------------------------------------------------------------ applications


def wake_word(folder: Path) -> Path:
    """A small model as microWakeWord makes them: of 5 frames of 40 values, 2 are remembered."""
    rng = np.random.default_rng(5)

    def tensor(name: str, *shape: int, scale: float = 0.1017) -> Tensor:
        return Tensor(name, shape, DType.INT8, quant(scale, -128))

    def ints(name: str, *values: int) -> Tensor:
        return Tensor(name, (len(values),), DType.INT32, None, np.array(values, np.int32))

    handle, first = (Tensor(n, (), DType.INT32) for n in ("handle", "first"))
    x, past, seen, kept = (tensor(n, 1, i, 40) for n, i in (("x", 3), ("past", 2), ("seen", 5), ("kept", 2)))
    weights = Tensor("w", (1, 200), DType.INT8, quant(0.00005, 0), rng.integers(-127, 128, (1, 200)).astype(np.int8))
    row, score = tensor("row", 1, 200), tensor("score", 1, 1, scale=1 / 256)
    y = Tensor("y", (1, 1), DType.UINT8, quant(1 / 256, 0))
    silence = Tensor("silence", (1, 2, 40), DType.INT8, quant(0.1017, -128), np.full((1, 2, 40), -100, np.int8))
    name = {"container": "", "shared_name": "past"}
    slice_ = {"begin_mask": 5, "end_mask": 7, "ellipsis_mask": 0, "new_axis_mask": 0, "shrink_axis_mask": 0}
    operators = [
        Operator("CALL_ONCE", (), (), {"init_subgraph_index": 1}),
        Operator("VAR_HANDLE", (), (handle,), name),
        Operator("READ_VARIABLE", (handle,), (past,)),
        Operator("CONCATENATION", (past, x), (seen,), {"axis": 1, "fused_activation_function": "NONE"}),
        Operator(
            "STRIDED_SLICE", (seen, ints("from", 0, 3, 0), ints("to", 0, 0, 0), ints("by", 1, 1, 1)), (kept,), slice_
        ),
        Operator("ASSIGN_VARIABLE", (handle, kept), ()),
        Operator("RESHAPE", (seen, ints("shape", 1, 200)), (row,), {"new_shape": [1, 200]}),
        Operator("FULLY_CONNECTED", (row, weights, None), (score,), {}),
        Operator("QUANTIZE", (score,), (y,), {}),
    ]
    prepare = [Operator("VAR_HANDLE", (), (first,), name), Operator("ASSIGN_VARIABLE", (first, silence), ())]
    path = folder / "wake.tflite"
    path.write_bytes(write_model(operators, [x], [y], Extras(subgraphs=[Subgraph(prepare)])))
    return path


def application(model: Path) -> mt.App:
    features = mt.MicroFrontend(**FRAME)(mt.Microphone(rate=RATE))
    probability = mt.Model(model)(features.window(3, stride=3))
    decision = mt.Detect(labels=["word"], threshold=0.5, average_ms=90, suppress_ms=300)(probability)
    return mt.App("wake word", mt.Print(decision))


def noise(path: Path) -> Path:
    """Two seconds of noise that comes and goes."""
    rng = np.random.default_rng(2)
    swell = 3000 * np.abs(np.sin(np.arange(2 * RATE) / RATE * 9))
    soundfile.write(path, (swell * rng.normal(size=2 * RATE)).clip(-32768, 32767).astype(np.int16), RATE)
    return path


@pytest.mark.cores(one_in=3)
def test_a_model_that_remembers_is_a_stage(tmp_path: Path, virt: Board) -> None:
    app, recording = application(wake_word(tmp_path)), noise(tmp_path / "noise.wav")
    on_board, here = (app.build(where, tmp_path / where).run(recording) for where in (virt.name, "host"))
    assert on_board.to_json()["missed_deadlines"] == 0
    assert [(e.time_s, e.label, e.score) for e in on_board.events] == [
        (e.time_s, e.label, e.score) for e in here.events
    ]
    ours, theirs = ({t.tensor.name: t for t in run.traces} for run in (on_board, here))
    assert ours.keys() == theirs.keys() > {"features", "y"}
    assert all(np.array_equal(ours[name].values, theirs[name].values) for name in ours)
    windows = stored(ours["features"]).reshape(-1, 1, 3, 40)
    assert len(windows) == len(ours["y"].values) > STEPS
    (expected,) = run_tflm((tmp_path / "wake.tflite").read_bytes(), [(w,) for w in windows])
    np.testing.assert_array_equal(stored(ours["y"]).reshape(expected.shape), expected)
    assert len(np.unique(expected)) > 10


def stored(trace: Trace) -> Array:
    """The integers behind the values of a trace."""
    tensor = trace.tensor
    return (np.rint(np.asarray(trace.values) / tensor.scale) + tensor.zero_point).astype(tensor.dtype.numpy)
