"""Generated test cases of BasicClassifier."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from motes.ir import DType, Tensor
from motes.ops.case import Case

COUNT = 50


def cases() -> Iterator[Case]:
    """One score to many, some of them picked twice; thresholds given or computed, few values so that some are equal."""
    for seed in range(COUNT):
        rng = random.Random(f"basic classifier {seed}")
        count, targets = rng.choice((1, 2, 5, 12)), rng.choice((1, 1, 2, 3, 7))
        span = (-3, 3) if seed % 2 else (-(1 << 31), (1 << 31) - 1)
        scores = Tensor("scores", (count,) if rng.random() < 0.5 else (1, count), DType.INT32)
        picks = np.array([rng.randrange(count) for _ in range(targets)], np.int32)
        given = np.array([rng.randint(*span) for _ in range(targets)], np.int32) if rng.random() < 0.7 else None
        indices = Tensor("indices", (targets,), DType.INT32, None, picks)
        thresholds = Tensor("thresholds", (targets,), DType.INT32, None, given)
        reached, picked = Tensor("reached", (targets,), DType.BOOL), Tensor("picked", (targets,), DType.INT32)
        ranges = {t: span for t in (scores, thresholds) if t.data is None}
        inputs = (scores, indices, thresholds)
        yield Case(f"basic_classifier_{seed}", "BasicClassifier", {}, inputs, (reached, picked), ranges)
