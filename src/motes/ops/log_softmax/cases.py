"""Generated test cases of LOG_SOFTMAX."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from motes.ir import DType, Tensor, quant
from motes.ops.case import Case, draw_zero_point, float32

COUNT = 60
"""Cases of each type."""


def cases() -> Iterator[Case]:
    """Rows from 1 to 300 elements, flat to steep; floats only as steep as leaves more than one score."""
    for seed in range(COUNT):
        for dtype in (DType.FLOAT32, DType.INT8):
            name = f"log_softmax_{dtype.value}_{seed}"
            yield _case(random.Random(name), dtype, name)


def _case(rng: random.Random, dtype: DType, name: str) -> Case:
    depth = rng.choice((1, 2, 3, 10, rng.randint(1, 40), rng.randint(1, 300)))
    shape = (*(rng.choice((1, 1, 2, 3)) for _ in range(rng.randint(0, 4))), depth)
    if dtype is DType.FLOAT32:
        x, y = Tensor("x", shape, dtype), Tensor("y", shape, dtype)
        steep = math.log(2 * depth - 1) / 2  # the others together are at least a half
        return Case(name, "LOG_SOFTMAX", {}, (x,), (y,), {x: (-steep, steep)})
    scale = float32(2.0 ** rng.choice((rng.uniform(-8, 0), rng.uniform(-20, 8))))
    x = Tensor("x", shape, dtype, quant(scale, draw_zero_point(rng)))
    return Case(name, "LOG_SOFTMAX", {}, (x,), (Tensor("y", shape, dtype, quant(1 / 16, 127)),))
