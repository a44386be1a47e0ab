"""Generated test cases of DYNAMIC_UPDATE_SLICE."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor
from motes.ops.case import Case, Oracle, draw_values, moved
from motes.ops.movement import EVERY, INDICES

COUNT = 20
"""Cases of each type."""

_BY_TFLM = (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)


def cases() -> Iterator[Case]:
    """Parts of every size at places inside and outside, of one to five axes."""
    for dtype in EVERY:
        for seed in range(COUNT):
            yield _case(random.Random(f"update {dtype.value} {seed}"), dtype, f"update_{dtype.value}_{seed}")


def _case(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = [rng.choice((1, 2, 3, 5)) for _ in range(rng.randint(1, 5))]
    size = [rng.choice((s, rng.randint(1, s))) for s in shape]
    part = moved("part", size, dtype, draw_values(rng, size, dtype) if rng.random() < 0.2 else None)
    start = Tensor("start", (len(shape),), rng.choice(INDICES))
    oracle: Oracle = "tflm" if dtype in _BY_TFLM else "litert"
    inputs = (moved("x", shape, dtype), part, start)
    ranges = {start: (-2.0, 6.0)}
    return Case(name, "DYNAMIC_UPDATE_SLICE", {}, inputs, (moved("y", shape, dtype),), ranges, oracle)
