"""Generated test cases of DIV, FLOOR_DIV and FLOOR_MOD."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from motes.ir import DType, Tensor
from motes.ops.broadcast_cases import draw_quant, draw_shapes, draw_values
from motes.ops.case import Case

COUNTS = {
    "DIV": {DType.INT8: 60, DType.INT32: 30, DType.FLOAT32: 40},
    "FLOOR_DIV": {DType.FLOAT32: 60, DType.INT32: 25},
    "FLOOR_MOD": {DType.FLOAT32: 60, DType.INT32: 20, DType.INT64: 20},
}
"""Cases of each operator for each type."""


def cases() -> Iterator[Case]:
    """Equal shapes, broadcasts of every kind up to four axes, constants; divisors of both signs, never 0."""
    for builtin, counts in COUNTS.items():
        for dtype, count in counts.items():
            for seed in range(count):
                name = f"{builtin.lower()}_{dtype.value}_{seed}"
                yield _case(random.Random(name), builtin, dtype, name)


def _case(rng: random.Random, builtin: str, dtype: DType, name: str) -> Case:
    shapes, out = draw_shapes(rng)
    scales = [2.0 ** rng.uniform(-10, 2) for _ in range(2)]
    scales.append(scales[0] / scales[1] * 2.0 ** rng.choice((0, -5, rng.uniform(-12, 4))))
    quants = [draw_quant(rng, dtype, max(scale, 2.0**-27)) for scale in scales]
    a, b = (Tensor("ab"[i], shapes[i], dtype, quants[i]) for i in range(2))
    zero = quants[1].zero_point[0] if quants[1] else 0
    limits: dict[Tensor, tuple[float, float]] = {}
    if dtype is DType.INT8:
        limits = {a: (-128, 127), b: rng.choice([r for r in ((-128, zero - 1), (zero + 1, 127)) if r[0] <= r[1]])}
    elif dtype is DType.FLOAT32:
        if rng.random() < 0.6:  # quotients of every size
            limits = {a: (-(2.0 ** rng.randint(-3, 60)), 2.0 ** rng.randint(-3, 60)), b: (-7.0, 3.0)}
    else:
        most = (1 << 31) - 1
        limits = {a: (-most, most), b: rng.choice(((1, 9), (-9, -1), (1, most), (-most, -1)))}
    if rng.random() < 0.2:
        data = draw_values(rng, b.shape, dtype)
        constant = replace(b, data=np.where(data == zero, data.dtype.type(zero + (1 if zero < 100 else -1)), data))
        limits.pop(b, None)
        b = constant
    options = {"fused_activation_function": rng.choice((0, 0, 1, 2, 3))} if builtin == "DIV" else {}
    y = Tensor("y", out, dtype, quants[2])
    beyond = builtin != "DIV" and dtype is not DType.FLOAT32
    return Case(name, builtin, options, (a, b), (y,), limits, "litert" if beyond else "tflm")
