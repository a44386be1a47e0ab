"""Generated test cases of DETECTION_POSTPROCESS.

The oracles leave the rows behind the last object as they are, so that every case has as many objects as rows: its
anchors lie in clusters far apart, one at least for each row, and the best box of each cluster is an object.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from motes.ir import DType, Tensor
from motes.ops.case import Case

COUNT = 60
"""Cases of each version."""


def cases() -> Iterator[Case]:
    """Both versions; clusters of one box to many, more or fewer of them overlapping."""
    for regular in (False, True):
        for seed in range(COUNT):
            name = f"detection_{'by_class' if regular else 'at_once'}_{seed}"
            yield _case(random.Random(name), name, regular)


def _case(rng: random.Random, name: str, regular: bool) -> Case:
    rows, classes = rng.randint(1, 5), rng.choice((1, 2, 3, 5))
    clusters, each = rows + rng.choice((0, 0, 1, 3)), rng.choice((1, 2, 3, 5))
    boxes, coordinates, background = clusters * each, rng.choice((4, 4, 4, 6)), rng.randrange(2)
    x = Tensor("x", (1, boxes, coordinates), DType.FLOAT32)
    scores = Tensor("scores", (1, boxes, classes + background), DType.FLOAT32)
    anchors = Tensor("anchors", (boxes, 4), DType.FLOAT32, None, _anchors(rng, clusters, each))
    made = [[1, rows, 4], [1, rows], [1, rows], [1]]
    options: dict[str, Any] = {
        "max_detections": rows,
        "max_classes_per_detection": 1,
        "detections_per_class": rng.choice((rows, 2 * rows, 100)),
        "use_regular_nms": regular,
        "num_classes": classes,
        "nms_score_threshold": rng.choice((-1.0, 0.0, 0.125)),
        "nms_iou_threshold": rng.choice((0.1, 0.3, 0.6, 0.9, 1.0)),
        **{f"{axis}_scale": rng.choice((1.0, 5.0, 10.0, 0.3)) for axis in "yxhw"},
    }
    return Case(
        name,
        "TFLite_Detection_PostProcess",
        options,
        (x, scores, anchors),
        tuple(Tensor(f"y{i}", tuple(shape), DType.FLOAT32) for i, shape in enumerate(made)),
        {x: (-0.5, 0.5), scores: (0.125, 1.0)},
    )


def _anchors(rng: random.Random, clusters: int, each: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(center y, center x, height, width) of `each` anchors near each of some points on a line."""
    values = np.random.default_rng(rng.getrandbits(64))
    centers = np.repeat(np.arange(clusters) * 50.0, each)
    near = values.uniform(-0.2, 0.2, (2, clusters * each)) * rng.choice((0, 1, 3))
    sides = values.uniform(0.2, 1.5, (2, clusters * each)) if rng.random() < 0.8 else np.ones((2, clusters * each))
    return np.stack([*(centers + near), *sides], 1).astype(np.float32)
