"""Generated test cases of SQUARED_DIFFERENCE."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor
from motes.ops.broadcast_cases import draw_inputs, draw_quant, draw_shapes
from motes.ops.case import Case

COUNTS = {DType.INT8: 80, DType.INT16: 40, DType.INT32: 30, DType.FLOAT32: 40}
"""Cases for each type."""


def cases() -> Iterator[Case]:
    """Equal shapes, broadcasts of every kind, constants, scales far apart, squares in the output's range and beyond."""
    for dtype, count in COUNTS.items():
        for seed in range(count):
            name = f"squared_difference_{dtype.value}_{seed}"
            yield _case(random.Random(name), dtype, name)


def _case(rng: random.Random, dtype: DType, name: str) -> Case:
    shapes, out = draw_shapes(rng, rank=6)
    scale = 2.0 ** rng.uniform(-10, 2)
    scales = [scale, scale * 2.0 ** rng.choice((0, 0, rng.uniform(-4, 4), rng.uniform(-20, 20)))]
    bits = 8 if dtype is DType.INT8 else 16
    whole = max(scales) ** 2 * 2.0**bits  # a scale that fits the largest square
    y_scale = whole * 2.0 ** rng.choice((0, -2, rng.uniform(-bits, 2), rng.uniform(-18, 12)))
    inputs = draw_inputs(rng, shapes, dtype, [draw_quant(rng, dtype, scale) for scale in scales])
    y = Tensor("y", out, dtype, draw_quant(rng, dtype, max(y_scale, 2.0**-27)))
    return Case(name, "SQUARED_DIFFERENCE", {}, tuple(inputs), (y,))
