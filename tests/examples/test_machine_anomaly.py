"""The machine anomaly's committed files: what a run without TensorFlow depends on."""

from __future__ import annotations

import json
import runpy
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

import motes as mt
from motes.built import Build
from motes.ir import Array, DType
from motes.tflite import load

EXAMPLE = Path(__file__).parents[2] / "examples" / "machine_anomaly"
RATE_HZ, WINDOW = 12_000, 2_048


def labels() -> list[tuple[float, float, str]]:
    rows = [line.split("\t") for line in (EXAMPLE / "scene.txt").read_text().splitlines()]
    return [(float(start), float(end), label) for start, end, label in rows]


def test_scene_is_three_axes_of_whole_windows() -> None:
    samples, rate = soundfile.read(EXAMPLE / "scene.flac", dtype="int16")
    assert rate == RATE_HZ and samples.shape == (210 * WINDOW, 3)
    assert (EXAMPLE / "scene.flac").stat().st_size <= 1_000_000


def test_scene_vibrates_on_z_alone_and_never_clips() -> None:
    samples, _ = soundfile.read(EXAMPLE / "scene.flac", dtype="int16")
    assert not samples[:, :2].any()
    loudest = np.abs(samples[:, 2].reshape(-1, WINDOW).astype(int)).max(axis=1)
    assert loudest.min() > 500 and loudest.max() < 16_384


def test_labels_begin_and_end_with_windows() -> None:
    spans = labels()
    assert {label for *_, label in spans} == {"anomaly"} and len(spans) == 6
    for time in (time for start, end, _ in spans for time in (start, end)):
        windows = time * RATE_HZ / WINDOW
        assert windows == pytest.approx(round(windows), abs=1e-3)
    assert all(before[1] < after[0] for before, after in pairwise(spans))


def test_bands_are_what_the_model_was_trained_on() -> None:
    bands = json.loads((EXAMPLE / "bands.json").read_text())
    assert all(low < high for low, high in pairwise(bands["edges_hz"])) and bands["edges_hz"][-1] < RATE_HZ / 2
    assert len(bands["mean"]) == len(bands["deviation"]) == len(bands["edges_hz"]) - 1
    assert min(bands["deviation"]) > 0 and bands["floor"] > 0
    graph = load(EXAMPLE / "model.tflite")
    (before,), (after,) = graph.inputs, graph.outputs
    assert before.shape == after.shape == (1, len(bands["mean"]))
    assert (before.dtype, after.dtype) == (DType.INT8, DType.INT8)


def test_input_is_quantized_over_eight_deviations() -> None:
    (features,) = load(EXAMPLE / "model.tflite").inputs
    assert features.quant is not None and features.quant.zero_point == (0,)
    assert features.quant.scale == pytest.approx((1 / 16,), rel=1e-6)


@pytest.fixture(scope="module")
def app() -> Build:
    return mt.load_app(EXAMPLE).build("host")


def test_every_defect_is_found_and_nothing_else(app: Build) -> None:
    run = app.run(EXAMPLE / "scene.flac", EXAMPLE / "scene.txt")
    report = run.to_json()
    assert (report["heard"], report["missed"], report["false_alarms"]) == (6, 0, 0)
    decision = next(trace for trace in run.traces if trace.tensor.name == "decision")
    middles = decision.time_s - WINDOW / RATE_HZ / 2
    ill = [any(start <= middle < end for start, end, _ in labels()) for middle in middles]
    assert ((decision.values[:, 0] >= 0) == ill).mean() >= 0.9


def errors(app: Build, shared: Path, folder: Path, kind: str, severity: float) -> Array:
    recordings = runpy.run_path(str(shared / "tools" / "machine.py"))["recordings"]
    triples = np.zeros((100 * WINDOW, 3), np.int16)
    triples[:, 2] = np.rint(recordings(kind, severity, count=100, seed=77).reshape(-1) * 32768 / (2 * 9.80665))
    np.save(folder / "windows.npy", triples)
    run = app.run(folder / "windows.npy")
    return next(trace for trace in run.traces if trace.tensor.name == "error").values[:, 0]


@pytest.mark.parametrize("severity", [1.0, 0.5])
@pytest.mark.parametrize("kind", ["outer", "inner", "ball"])
def test_defects_score_above_normal(app: Build, shared: Path, tmp_path: Path, kind: str, severity: float) -> None:
    normal = errors(app, shared, tmp_path, "normal", 1.0)
    faulty = errors(app, shared, tmp_path, kind, severity)
    assert (faulty[:, None] > normal).mean() >= 0.99  # the area under the curve
