"""Generated test cases of CUMSUM."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from motes.ir import DType, Quant, Tensor, quant
from motes.ops.case import Case, draw_zero_point, float32, with_computed

COUNT = 50
"""Cases of each type."""


def cases() -> Iterator[Case]:
    """Every axis, from both ends, with and without the element itself."""
    for dtype in (DType.INT8, DType.FLOAT32, DType.INT32):
        for seed in range(COUNT):
            name = f"cumsum_{dtype.value}_{seed}"
            case = _case(random.Random(name), name, dtype)
            yield from with_computed(case, 1) if seed % 3 == 0 else [case]


def _case(rng: random.Random, name: str, dtype: DType) -> Case:
    shape = tuple(rng.choice((1, 2, 3, 5, rng.randint(1, 20))) for _ in range(rng.randint(1, 4)))
    axis = rng.randrange(-len(shape), len(shape))
    x_scale = 2.0 ** rng.uniform(-8, 2)
    y_scale = x_scale * 2.0 ** rng.choice((0, rng.uniform(-2, 5), -16, 10))
    x, y = (Tensor(n, shape, dtype, _quant(rng, dtype, scale)) for n, scale in (("x", x_scale), ("y", y_scale)))
    at = Tensor("axis", (1,), DType.INT32, None, np.array([axis], np.int32))
    options = {"exclusive": rng.random() < 0.4, "reverse": rng.random() < 0.4}
    wraps = {x: (-1e6, 1e6)} if dtype is DType.INT32 else {}  # LiteRT's overflow is as the compiler pleases
    return Case(name, "CUMSUM", options, (x, at), (y,), wraps, "litert" if wraps else "tflm")


def _quant(rng: random.Random, dtype: DType, scale: float) -> Quant | None:
    return quant(float32(scale), draw_zero_point(rng)) if dtype is DType.INT8 else None
