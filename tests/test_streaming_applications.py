"""Stages in their streaming form: the same scores at the same times, and silence where items are missing."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

import bursts
import motes as mt
from motes import forms
from motes.build import host
from motes.built import Build, Run
from motes.emit import emit_application_host
from motes.emit.application import layout
from motes.emit.model import offset_of
from motes.ir import Array, DType, Tensor, quant
from motes.target import Board
from tflite_writer import Operator, write_model

LENGTH, STRIDE, RATE = 20, 3, 100
OPTIONS = {
    "stride_w": 1,
    "stride_h": 1,
    "dilation_w_factor": 1,
    "dilation_h_factor": 1,
    "fused_activation_function": "RELU",
}


def motions(folder: Path, padding: str) -> Path:
    """Two convolutions over 20 triples, then three classes."""
    rng = np.random.default_rng(4)

    def weights(name: str, *shape: int) -> Tensor:
        data = rng.integers(-127, 128, shape).astype(np.int8)
        return Tensor(name, shape, DType.INT8, quant(0.6 / np.prod(shape[1:]) ** 0.5 / 70, 0), data)

    rows = (LENGTH, LENGTH, LENGTH) if padding == "SAME" else (LENGTH, LENGTH - 4, LENGTH - 6)
    tensors = [
        Tensor(f"t{i}", (1, n, 1, c), DType.INT8, quant(0.15, -20 * i))
        for i, (n, c) in enumerate(zip(rows, (3, 8, 8), strict=True))
    ]
    z = Tensor("z", (1, 3), DType.INT8, quant(0.1, 0))
    y = Tensor("y", (1, 3), DType.INT8, quant(1 / 256, -128))
    options = {**OPTIONS, "padding": padding}
    operators = [
        Operator("CONV_2D", (tensors[0], weights("a", 8, 5, 1, 3)), (tensors[1],), options),
        Operator("CONV_2D", (tensors[1], weights("b", 8, 3, 1, 8)), (tensors[2],), options),
        Operator("FULLY_CONNECTED", (tensors[2], weights("c", 3, 8 * rows[2])), (z,), {}),
        Operator("SOFTMAX", (z,), (y,), {"beta": 1.0}),
    ]
    path = folder / "motions.tflite"
    path.write_bytes(write_model(operators, [tensors[0]], [y]))
    return path


def application(model: Path) -> mt.App:
    moved = mt.Accelerometer(rate=RATE)
    scores = mt.Model(model)(moved.window(LENGTH, stride=STRIDE))
    seen = mt.Detect(labels=["a", "b", "c"], threshold=0.5, average_ms=60, suppress_ms=300)(scores)
    return mt.App("motions", mt.Print(seen))


def shaken(count: int) -> Array:
    """int16 (count, 3): movements of changing strength."""
    rng = np.random.default_rng(6)
    strength = np.repeat(rng.uniform(100, 20_000, -(-count // 15)), 15)[:count, np.newaxis]
    return (strength * rng.normal(size=(count, 3)) / 2).clip(-32768, 32767).astype(np.int16)


def found(run: Run) -> tuple[list[tuple[float, str, float]], dict[str, tuple[list[float], list[list[float]]]]]:
    """Events, and what traces hold."""
    events = [(e.time_s, e.label, e.score) for e in run.events]
    return events, {t.tensor.name: (t.time_s.tolist(), np.asarray(t.values).tolist()) for t in run.traces}


@pytest.mark.cores(one_in=3)
@pytest.mark.parametrize("padding", ["VALID", "SAME"])
def test_what_is_found_stays_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, padding: str, virt: Board
) -> None:
    app, recording = application(motions(tmp_path, padding)), tmp_path / "shaken.npy"
    np.save(recording, shaken(600))
    boards = {name: app.build(name, out=tmp_path / name) for name in (virt.name, "host")}
    monkeypatch.setattr(forms, "LESS", 0)
    whole = app.build(virt.name, out=tmp_path / "whole")
    runs = {name: build.run(recording) for name, build in {**boards, "whole": whole}.items()}
    assert found(runs[virt.name]) == found(runs["host"]) == found(runs["whole"])
    assert len(runs["host"].events) > 3
    for name, build in boards.items():
        (stage,) = build.made.application.stages
        assert stage.streamed is not None and stage.streamed.exact == (padding == "VALID")
        assert stage.warmup == 6 and stage.ring.length == STRIDE
        shown = build.to_json()["stages"][0]["streaming"]
        assert shown["window_macs"] > shown["macs"] and shown["warmup_steps"] == 6
        assert len(runs[name].outcome.triggers[stage]) == len(runs["whole"].outcome.triggers[whole_stage(whole)]) + 6
    (stage,) = boards[virt.name].made.application.stages
    page = boards[virt.name].save(tmp_path / "page.html").read_text("utf-8")
    assert f"motions, {stage.streamed}; its first 6 runs fill the window." in page
    assert boards[virt.name].made.stage_cycles(stage) < whole.made.stage_cycles(whole_stage(whole))


def whole_stage(build: Build) -> object:
    (stage,) = build.made.application.stages
    assert stage.streamed is None
    return stage


# ------------------------------------------------------------------------------------------------ gaps


class Driven:
    """An application on this machine, pushed and run by hand; `runs` holds (whole, scores) of its last stage."""

    def __init__(self, build: Build, scores: str) -> None:
        made = build.made
        self.sources = {f"{made.prefix}.inc" if n == f"{made.prefix}.c" else n: t for n, t in made.sources.items()}
        self.library = host.library({**self.sources, **emit_application_host(made.application, made.prefix)})
        self.state = np.zeros(self.library.motes_app_size(), np.uint8)
        self.places = layout(made.application, made.plan)
        self.stage = made.application.stages[-1]
        self.tensor = next(t for t in self.stage.graph.outputs if t.name == scores)
        self.place = offset_of(self.tensor, made.plan)
        self.runs: list[tuple[bool, list[int]]] = []
        kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32)
        self.watcher = kind(self._watch)
        self.library.motes_app_init(self._address(), self.watcher)
        self.sensor = made.application.sources[0].kind
        self.text = ctypes.create_string_buffer(self.library.motes_app_text_size())

    def _address(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self.state.ctypes.data)

    def word(self, name: str) -> int:
        return int.from_bytes(self.state[self.places[name] : self.places[name] + 4].tobytes(), "little")

    def _watch(self, _: int, index: int) -> None:
        if index == len([p for p in self.places if p.startswith("time_")]) - 1:
            scores = self.state[self.place : self.place + self.tensor.nbytes].view(np.int8).tolist()
            self.runs.append((bool(self.word(f"whole_{self.stage.name}")), scores))

    def push(self, items: Array) -> None:
        items = np.ascontiguousarray(items)
        push = getattr(self.library, f"motes_app_push_{self.sensor}")
        push(self._address(), ctypes.c_void_p(items.ctypes.data), ctypes.c_uint32(len(items)))

    def work(self) -> None:
        while self.library.motes_app_event(self._address(), self.text):
            pass


@pytest.mark.parametrize("padding", ["VALID", "SAME"])
def test_after_a_drop_windows_fill_up_again(tmp_path: Path, padding: str) -> None:
    app = application(motions(tmp_path, padding))
    driven = Driven(app.build("host", out=tmp_path / "host"), "y")
    (whole,) = host.load([app.application.stages[0].graph])
    index = [t.name for t in whole.graph.outputs].index("y")
    taken: list[Array] = []
    since, after = [], 0  # of each item that was taken: how many have come in a row
    for i, item in enumerate(shaken(300)):
        dropped = driven.word("ring_accelerometer.dropped")
        driven.push(item[np.newaxis])
        if driven.word("ring_accelerometer.dropped") == dropped:
            taken.append(item)
            after += 1
            since.append(after)
        else:
            after = 0
        if not 100 <= i < 140 and not 200 <= i < 230:  # there the application has no time
            driven.work()
    assert 30 < 300 - len(taken) < 70 and since.count(1) == 3
    ends = range(LENGTH - driven.stage.warmup * STRIDE, len(taken) + 1, STRIDE)
    assert [full for full, _ in driven.runs] == [since[end - 1] >= LENGTH for end in ends]
    compared = 0
    for end, (full, scores) in zip(ends, driven.runs, strict=True):
        if full:
            outputs = whole(np.stack(taken[end - LENGTH : end]))
            assert scores == outputs[index].ravel().tolist()
            compared += 1
    assert 30 < compared <= len(driven.runs) - 3 * 6


def test_a_gap_in_the_sound_is_known_behind_the_front_end(tmp_path: Path) -> None:
    model = bursts.classifier(tmp_path / "model.tflite", size=16, layers=2, channels=8)
    app = bursts.application(model, 16, hop_ms=20, stride=2)
    driven = Driven(app.build("host", out=tmp_path / "host"), "y")
    rng = np.random.default_rng(1)

    def hear(frames: int, busy: bool = False) -> list[bool]:
        before = len(driven.runs)
        for _ in range(frames * 2):
            driven.push(rng.integers(-3000, 3000, 160).astype(np.int16))
            if not busy:
                driven.work()
        return [full for full, _ in driven.runs[before:]]

    first = hear(60)
    quiet = first.index(True)
    assert quiet == 7 and all(first[quiet:])
    hear(20, busy=True)
    assert driven.word("ring_microphone.dropped") > 0
    again = hear(60)
    gap = again.index(False)
    missing = again[gap:].index(True)
    assert 16 // 2 <= missing <= 16 // 2 + 1  # a frame or two of both sides, and fifteen that come with them
    assert all(again[:gap]) and all(again[gap + missing :])
