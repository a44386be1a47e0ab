"""DETECTION_POSTPROCESS, a custom operator of TensorFlow Lite and of TensorFlow Lite Micro."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Builtin, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.common import CONVERT_AGAIN

_BOX_BYTES, _CANDIDATE_BYTES = 16, 8
"""Of the structs of `detection.h`."""


def _scratch(node: Node) -> int:
    return node.input(0).shape[1] * (_BOX_BYTES + _CANDIDATE_BYTES)


@dataclass(frozen=True)
class DetectionPostprocess(Op):
    """The objects of an image: boxes with high scores, and of those that overlap only the one with the highest.

    Inputs: boxes (1, boxes, 4 or more), as center y and x, height and width relative to an anchor; scores (1, boxes,
    classes), with or without a background class in front; anchors (boxes, 4), as center y and x, height and width.
    Outputs: boxes (1, rows, 4), as top, left, bottom and right; classes and scores (1, rows); the number of objects.
    Dtype: float32. Rows behind the last object are zeros.

    Source: TFLM's DETECTION_POSTPROCESS, which takes the sizes of boxes in double precision: here they have 48 bits
    before they are rounded. Where an object has several classes in the fast version, TFLM writes them over each other:
    LiteRT's.
    """

    tflite = (
        Builtin(
            "TFLite_Detection_PostProcess",
            {
                "max_detections": ("int", 0),
                "max_classes_per_detection": ("int", 0),
                "detections_per_class": ("int", 100),
                "use_regular_nms": ("bool", False),
                "num_classes": ("int", 0),
                "nms_score_threshold": ("float", 0.0),
                "nms_iou_threshold": ("float", 0.0),
                "y_scale": ("float", 0.0),
                "x_scale": ("float", 0.0),
                "h_scale": ("float", 0.0),
                "w_scale": ("float", 0.0),
            },
            custom=True,
        ),
    )
    types = (DType.FLOAT32,)
    ulp = 1
    kernels = (
        Kernel("detect_at_once", "detection.h", scratch=_scratch, form="shared"),
        Kernel("detect_by_class", "detection.h", scratch=_scratch, form="shared", fits=lambda node: _by_class(node)),
    )

    max_detections: int
    max_classes_per_detection: int
    detections_per_class: int
    use_regular_nms: bool
    num_classes: int
    nms_score_threshold: float
    nms_iou_threshold: float
    y_scale: float
    x_scale: float
    h_scale: float
    w_scale: float

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> DetectionPostprocess:
        given: dict[str, Any] = {field.name: options[field.name] for field in fields(cls)}
        # Numbers are stored in any precision, and used in single precision.
        with np.errstate(over="ignore", under="ignore"):
            rounded = {name: float(np.float32(v)) for name, v in given.items() if isinstance(v, float)}
        return cls(**{**given, **rounded})

    @property
    def labels(self) -> int:
        """Rows of each object."""
        return 1 if self.use_regular_nms else min(self.max_classes_per_detection, self.num_classes)

    def check(self, node: Node) -> None:
        if len(node.inputs) != 3 or None in node.inputs or len(node.outputs) != 4:
            raise BadInput(
                f"{node}: has {len(node.inputs)} inputs and {len(node.outputs)} outputs, not 3 and 4; {CONVERT_AGAIN}"
            )
        for tensor in (*node.pointers, *node.outputs):
            if tensor.dtype is not DType.FLOAT32:
                raise Unsupported(node, f"{tensor} is not float32", "put a DEQUANTIZE in front of it")
        self._check_options(node)
        self._check_shapes(node)

    def _check_options(self, node: Node) -> None:
        per_object = "detections_per_class" if self.use_regular_nms else "max_classes_per_detection"
        for name in ("max_detections", "num_classes", per_object):
            if getattr(self, name) <= 0:
                raise BadInput(f"{node}: its option {name} is {getattr(self, name)}, not positive; {CONVERT_AGAIN}")
        for name in ("y_scale", "x_scale", "h_scale", "w_scale"):
            scale = getattr(self, name)
            if not (math.isfinite(scale) and scale > 0):
                raise BadInput(f"{node}: its option {name} is {scale}, not a positive number; {CONVERT_AGAIN}")
        if not 0 < self.nms_iou_threshold <= 1:
            raise BadInput(
                f"{node}: its option nms_iou_threshold is {self.nms_iou_threshold}, not above 0 and at most 1; "
                f"{CONVERT_AGAIN}"
            )

    def _check_shapes(self, node: Node) -> None:
        x, scores, anchors = node.pointers
        if len(x.shape) != 3 or x.shape[0] != 1 or x.shape[2] < 4:
            raise BadInput(f"{node}: {x} is not (1, boxes, 4 or more); {CONVERT_AGAIN}")
        if scores.shape not in [(1, x.shape[1], self.num_classes + background) for background in (0, 1)]:
            raise BadInput(
                f"{node}: {scores} is not (1, {x.shape[1]}, {self.num_classes}), nor one more for the background; "
                f"{CONVERT_AGAIN}"
            )
        if anchors.shape != (x.shape[1], 4):
            raise BadInput(f"{node}: {anchors} is not ({x.shape[1]}, 4); {CONVERT_AGAIN}")
        boxes, classes, made, count = node.outputs
        rows, least = classes.elements, self.max_detections * self.labels
        if rows < least or made.elements != rows or boxes.elements != 4 * rows or count.elements != 1:
            raise BadInput(
                f"{node}: {boxes}, {classes}, {made} and {count} do not hold {least} objects; "
                "convert the model again with fixed shapes"
            )

    def params(self, node: Node) -> Params:
        x, scores, _ = node.pointers
        return {
            "boxes": x.shape[1],
            "coordinates": x.shape[2],
            "columns": scores.shape[2],
            "first": scores.shape[2] - self.num_classes,
            "classes": self.num_classes,
            "most": self.max_detections,
            "per_class": self.detections_per_class,
            "labels": self.labels,
            "rows": node.outputs[1].elements,
            "score_threshold": self.nms_score_threshold,
            "overlap_threshold": self.nms_iou_threshold,
            "y_scale": self.y_scale,
            "x_scale": self.x_scale,
            "h_scale": self.h_scale,
            "w_scale": self.w_scale,
        }


def _by_class(node: Node) -> bool:
    assert isinstance(node.op, DetectionPostprocess), node
    return node.op.use_regular_nms
