"""The visual wake word's committed files: what a run without TensorFlow depends on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import motes as mt
from motes.built import Run
from motes.ir import DType
from motes.tflite import load

EXAMPLE = Path(__file__).parents[2] / "examples" / "visual_wake_word"
FRAMES, PERIOD_MS = 239, 100  # the last 30% of 795 frames, ten a second


@pytest.fixture(scope="module")
def scene() -> Image.Image:
    return Image.open(EXAMPLE / "scene.webp")


def labels() -> list[tuple[float, float, str]]:
    rows = [line.split("\t") for line in (EXAMPLE / "scene.txt").read_text().splitlines()]
    return [(float(start), float(end), label) for start, end, label in rows]


def test_scene_is_small_and_square(scene: Image.Image) -> None:
    assert (EXAMPLE / "scene.webp").stat().st_size <= 1_000_000
    assert (scene.size, scene.n_frames) == ((96, 96), FRAMES)


def test_scene_is_grey_and_shows_a_frame_each_100_ms(scene: Image.Image) -> None:
    shown = []
    for number in range(scene.n_frames):
        scene.seek(number)
        red, green, blue = np.moveaxis(np.asarray(scene.convert("RGB")), -1, 0)
        assert (red == green).all() and (green == blue).all()
        shown.append(scene.info["timestamp"])
    assert shown == list(range(0, FRAMES * PERIOD_MS, PERIOD_MS))


def test_labels_are_apart_in_order_and_inside_the_scene() -> None:
    times = [time for start, end, _ in labels() for time in (start, end)]
    assert times == sorted(times) and len(set(times)) == len(times)
    assert times[0] >= 0 and times[-1] <= FRAMES * PERIOD_MS / 1000
    assert {label for *_, label in labels()} == {"person"}


def test_people_are_there_about_half_of_the_time() -> None:
    there = sum(end - start for start, end, _ in labels())
    assert 0.4 < there / (FRAMES * PERIOD_MS / 1000) < 0.7


def test_model_takes_a_grey_image_and_gives_two_scores() -> None:
    graph = load(EXAMPLE / "model.tflite")
    (image,), (scores,) = graph.inputs, graph.outputs
    assert (image.shape, scores.shape) == ((1, 48, 48, 1), (1, 2))
    assert (image.dtype, scores.dtype) == (DType.INT8, DType.INT8)
    assert image.quant is not None and image.quant.zero_point == (-128,)
    assert image.quant.scale == pytest.approx((1 / 255,), rel=1e-6)


def test_model_is_small() -> None:
    macs = sum(node.op.macs(node) for node in load(EXAMPLE / "model.tflite").nodes)
    assert macs < 500_000


@pytest.fixture(scope="module")
def run() -> Run:
    return mt.load_app(EXAMPLE).build("host").run(EXAMPLE / "scene.webp", EXAMPLE / "scene.txt")


def test_every_visit_is_seen_and_nothing_else(run: Run) -> None:
    report = run.to_json()
    assert (report["heard"], report["missed"], report["false_alarms"]) == (6, 0, 0)
    assert {event.label for event in run.events} == {"person"}


def test_nine_frames_of_ten_are_right(run: Run) -> None:
    decision = next(trace for trace in run.traces if trace.tensor.name == "decision")
    middles = decision.time_s - PERIOD_MS / 2000
    there = [any(start <= middle < end for start, end, _ in labels()) for middle in middles]
    assert len(there) == FRAMES
    assert ((decision.values[:, 0] >= 0) == there).mean() >= 0.9
