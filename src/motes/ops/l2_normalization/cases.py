"""Generated test cases of L2_NORMALIZATION."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor, quant
from motes.ops.case import Case, draw_zero_point, float32

COUNT = 60
"""Cases of each type."""


def cases() -> Iterator[Case]:
    """Rows from 1 to 200 elements, up to four axes; floats from tiny, where lengths are limited, to huge."""
    for seed in range(COUNT):
        for dtype in (DType.FLOAT32, DType.INT8):
            name = f"l2_normalization_{dtype.value}_{seed}"
            yield _case(random.Random(name), dtype, name)


def _case(rng: random.Random, dtype: DType, name: str) -> Case:
    depth = rng.choice((1, 2, 3, rng.randint(1, 40), rng.randint(1, 200)))
    shape = (*(rng.choice((1, 1, 2, 3)) for _ in range(rng.randint(0, 3))), depth)
    x, y = Tensor("x", shape, dtype), Tensor("y", shape, dtype)
    ranges = {}
    if dtype is DType.FLOAT32:
        size = rng.choice((1.0, 100.0, 1e-6, 1e15, 1e-30))
        ranges = {x: (-size, size)}
    else:
        x = Tensor("x", shape, dtype, quant(float32(2.0 ** rng.uniform(-10, 2)), draw_zero_point(rng)))
        y = Tensor("y", shape, dtype, quant(1 / 128, 0))
    return Case(name, "L2_NORMALIZATION", {"fused_activation_function": 0}, (x,), (y,), ranges)
