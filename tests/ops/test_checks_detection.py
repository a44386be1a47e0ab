"""What DETECTION_POSTPROCESS refuses, each with its words."""

from __future__ import annotations

from typing import Any

import pytest

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Node, Tensor
from motes.ops import builtins
from nodes import tensor

OPTIONS = {
    "max_detections": 3,
    "max_classes_per_detection": 1,
    "detections_per_class": 100,
    "use_regular_nms": False,
    "num_classes": 2,
    "nms_score_threshold": 0.5,
    "nms_iou_threshold": 0.5,
    **dict.fromkeys(("y_scale", "x_scale", "h_scale", "w_scale"), 5.0),
}


def real(name: str, *shape: int) -> Tensor:
    return tensor(name, *shape, dtype=DType.FLOAT32, q=None)


X, SCORES, ANCHORS = real("x", 1, 9, 4), real("scores", 1, 9, 3), real("anchors", 9, 4)
MADE = (real("boxes", 1, 3, 4), real("classes", 1, 3), real("made", 1, 3), real("count", 1))


def detector(*inputs: Tensor | None, made: tuple[Tensor, ...] = MADE, **changes: Any) -> Node:
    given = inputs or (X, SCORES, ANCHORS)
    op, _ = builtins()["TFLite_Detection_PostProcess"]
    return Node("n", op.from_tflite("", OPTIONS | changes, given, made), given, made, (7,))


REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    (detector(X, SCORES), BadInput, "has 2 inputs and 4 outputs, not 3 and 4; convert"),
    (detector(X, None, ANCHORS), BadInput, "has 3 inputs and 4 outputs, not 3 and 4; convert"),
    (detector(made=MADE[:3]), BadInput, "has 3 inputs and 3 outputs, not 3 and 4; convert"),
    (
        detector(tensor("x", 1, 9, 4, dtype=DType.UINT8), SCORES, ANCHORS),
        Unsupported,
        "x uint8[1, 9, 4] is not float32; put a DEQUANTIZE in front of it",
    ),
    (detector(max_detections=0), BadInput, "its option max_detections is 0, not positive"),
    (detector(num_classes=-1), BadInput, "its option num_classes is -1, not positive"),
    (detector(max_classes_per_detection=0), BadInput, "its option max_classes_per_detection is 0, not positive"),
    (
        detector(use_regular_nms=True, detections_per_class=0),
        BadInput,
        "its option detections_per_class is 0, not positive",
    ),
    (detector(h_scale=0.0), BadInput, "its option h_scale is 0.0, not a positive number"),
    (detector(w_scale=1e-60), BadInput, "its option w_scale is 0.0, not a positive number"),
    (detector(y_scale=1e60), BadInput, "its option y_scale is inf, not a positive number"),
    (detector(nms_iou_threshold=0.0), BadInput, "its option nms_iou_threshold is 0.0, not above 0 and at most 1"),
    (detector(nms_iou_threshold=1.5), BadInput, "its option nms_iou_threshold is 1.5, not above 0 and at most 1"),
    (detector(real("x", 1, 9, 3), SCORES, ANCHORS), BadInput, "x float32[1, 9, 3] is not (1, boxes, 4 or more)"),
    (detector(real("x", 2, 9, 4), SCORES, ANCHORS), BadInput, "x float32[2, 9, 4] is not (1, boxes, 4 or more)"),
    (
        detector(X, real("scores", 1, 9, 4), ANCHORS),
        BadInput,
        "scores float32[1, 9, 4] is not (1, 9, 2), nor one more for the background",
    ),
    (detector(X, SCORES, real("anchors", 8, 4)), BadInput, "anchors float32[8, 4] is not (9, 4)"),
    (
        detector(max_detections=4),
        BadInput,
        "boxes float32[1, 3, 4], classes float32[1, 3], made float32[1, 3] and count float32[1] do not hold 4 objects; "
        "convert the model again with fixed shapes",
    ),
    (detector(made=(real("boxes"), *MADE[1:])), BadInput, "do not hold 3 objects"),
    (detector(max_classes_per_detection=2), BadInput, "do not hold 6 objects"),
]


@pytest.mark.parametrize(("refused", "kind", "words"), REFUSALS, ids=[words for _, _, words in REFUSALS])
def test_what_is_refused(refused: Node, kind: type[MotesError], words: str) -> None:
    with pytest.raises(kind) as caught:
        refused.op.check(refused)
    assert words in str(caught.value)


def test_what_is_taken() -> None:
    for taken in (detector(), detector(X, real("scores", 1, 9, 2), ANCHORS), detector(use_regular_nms=True)):
        taken.op.check(taken)
