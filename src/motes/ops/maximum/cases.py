"""Generated test cases of MAXIMUM and MINIMUM."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor
from motes.ops.broadcast_cases import draw_inputs, draw_quant, draw_shapes
from motes.ops.case import Case

COUNTS = {
    DType.INT8: 40,
    DType.UINT8: 15,
    DType.INT16: 30,
    DType.INT32: 25,
    DType.INT64: 25,
    DType.FLOAT32: 30,
}
"""Cases of each operator for each type."""


def cases() -> Iterator[Case]:
    """Equal shapes, broadcasts of every kind up to five axes, constants, quantizations that differ."""
    for builtin in ("MAXIMUM", "MINIMUM"):
        for dtype, count in COUNTS.items():
            for seed in range(count):
                name = f"{builtin.lower()}_{dtype.value}_{seed}"
                yield _case(random.Random(name), builtin, dtype, name)


def _case(rng: random.Random, builtin: str, dtype: DType, name: str) -> Case:
    shapes, out = draw_shapes(rng, rank=5)
    quants = [draw_quant(rng, dtype, 2.0 ** rng.uniform(-12, 2))] * 3
    if rng.random() < 0.2:
        quants = [draw_quant(rng, dtype, 2.0 ** rng.uniform(-12, 2)) for _ in range(3)]
    y = Tensor("y", out, dtype, quants[2])
    inputs = draw_inputs(rng, shapes, dtype, quants)
    return Case(name, builtin, {}, tuple(inputs), (y,), oracle="litert" if dtype is DType.UINT8 else "tflm")
