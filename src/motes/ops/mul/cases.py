"""Generated test cases of MUL."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor
from motes.ops.broadcast_cases import draw_inputs, draw_quant, draw_shapes
from motes.ops.case import Case

COUNTS = {DType.INT8: 150, DType.INT16: 60, DType.INT32: 40, DType.INT64: 30, DType.FLOAT32: 50}
"""Cases for each type."""


def cases() -> Iterator[Case]:
    """Equal shapes, broadcasts of every kind, constant inputs, products far below and far above the output's range."""
    for dtype, count in COUNTS.items():
        for seed in range(count):
            name = f"mul_{dtype.value}_{seed}"
            yield _case(random.Random(name), dtype, name)


def _case(rng: random.Random, dtype: DType, name: str) -> Case:
    # TFLM broadcasts quantized tensors of four axes at most.
    shapes, out = draw_shapes(rng, rank=4 if dtype in (DType.INT8, DType.INT16) else 6)
    scales = [2.0 ** rng.uniform(-12, 2), 2.0 ** rng.uniform(-12, 2)]
    bits = 7 if dtype is DType.INT8 else 15
    whole = scales[0] * scales[1] * 2.0**bits  # a scale that fits the largest product
    y_scale = whole * 2.0 ** rng.choice((0, -1, -4, rng.uniform(-bits, 2), rng.uniform(-20, 12)))
    inputs = draw_inputs(rng, shapes, dtype, [draw_quant(rng, dtype, scale) for scale in scales])
    y = Tensor("y", out, dtype, draw_quant(rng, dtype, max(y_scale, 2.0**-27)))
    options = {"fused_activation_function": rng.choice((0, 0, 1, 2, 3))}
    return Case(name, "MUL", options, tuple(inputs), (y,), oracle="litert" if dtype is DType.INT64 else "tflm")
