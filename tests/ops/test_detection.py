"""DETECTION_POSTPROCESS where not every row is an object, and where an object has several classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from case_models import model_of
from motes.build import host
from motes.ir import Array, DType, Tensor
from motes.ops.case import Case
from motes.tflite import load
from tflm import run_litert, run_tflm

BOXES, CLASSES, ROWS = 40, 3, 8
F32 = DType.FLOAT32


def detector(labels: int = 1, **changes: Any) -> Case:
    rng = np.random.default_rng(7)
    anchors = np.concatenate([rng.uniform(0, 1, (BOXES, 2)), rng.uniform(0.1, 0.5, (BOXES, 2))], 1).astype(np.float32)
    made = [(1, ROWS * labels, 4), (1, ROWS * labels), (1, ROWS * labels), (1,)]
    options = {
        "max_detections": ROWS,
        "max_classes_per_detection": labels,
        "detections_per_class": 3,
        "use_regular_nms": False,
        "num_classes": CLASSES,
        "nms_score_threshold": 0.9,
        "nms_iou_threshold": 0.4,
        **dict.fromkeys(("y_scale", "x_scale"), 10.0),
        **dict.fromkeys(("h_scale", "w_scale"), 5.0),
    }
    return Case(
        "detector",
        "TFLite_Detection_PostProcess",
        options | changes,
        (
            Tensor("x", (1, BOXES, 4), F32),
            Tensor("scores", (1, BOXES, CLASSES + 1), F32),
            Tensor("anchors", (BOXES, 4), F32, None, anchors),
        ),
        tuple(Tensor(f"y{i}", shape, F32) for i, shape in enumerate(made)),
    )


def images(count: int, width: int = 4) -> list[tuple[Array, Array]]:
    rng = np.random.default_rng(3)
    draw = lambda low, *shape: rng.uniform(low, 1, (1, BOXES, *shape)).astype(np.float32)  # noqa: E731
    return [(draw(-1, width), draw(0, CLASSES + 1)) for _ in range(count)]


def ours(case: Case, given: list[tuple[Array, Array]]) -> tuple[Array, ...]:
    (graph,) = host.load([load(model_of(case))], sanitize=True, optimise="-O0")
    return graph.run_many(*(np.stack(x) for x in zip(*given, strict=True)))


@pytest.mark.parametrize("regular", [False, True])
def test_rows_behind_the_last_object_are_zeros(regular: bool) -> None:
    case, given = detector(use_regular_nms=regular), images(50)
    boxes, classes, scores, count = ours(case, given)
    wanted = run_tflm(model_of(case), given)
    assert np.array_equal(count, wanted[3])
    assert len(set(count.ravel())) > 3, "every image has as many objects"
    for got, want in zip((boxes, classes, scores), wanted, strict=False):
        for image, objects in enumerate(count.ravel().astype(int)):
            assert np.array_equal(got[image, 0, :objects], want[image, 0, :objects])
            assert not got[image, 0, objects:].any()


def test_an_object_may_have_several_classes() -> None:
    # TFLM writes them over each other.
    case, given = detector(labels=2, nms_score_threshold=0.0), images(20)
    for got, want in zip(ours(case, given), run_litert(model_of(case), given), strict=True):
        assert np.array_equal(got, want)


def test_a_box_without_area_overlaps_nothing() -> None:
    # TFLM stops with an error.
    case = detector(nms_score_threshold=0.0)
    (x, scores) = images(1)[0]
    x[0, :, 2] = -1e4  # exp(-2000) is 0
    boxes, _, found, count = ours(case, [(x, scores)])
    assert count.ravel() == ROWS
    assert np.array_equal(boxes[0, 0, :, 0], boxes[0, 0, :, 2])
    assert np.array_equal(found.ravel(), np.sort(scores[..., 1:].max(-1).ravel())[::-1][:ROWS])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
def test_absurd_numbers_stay_inside(value: float) -> None:
    for case in (detector(labels=2, nms_score_threshold=-1.0), detector(use_regular_nms=True)):
        (x, scores) = images(1)[0]
        x[0, ::3], scores[0, 1::4] = value, value
        assert 0 <= ours(case, [(x, scores)])[3].ravel() <= ROWS
