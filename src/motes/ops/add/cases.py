"""Generated test cases of ADD, SUB and ADD_N."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor, quant
from motes.ops.broadcast_cases import draw_inputs, draw_quant, draw_shapes
from motes.ops.case import Case, draw_zero_point, float32

COUNTS = {DType.INT8: 120, DType.INT16: 50, DType.INT32: 40, DType.INT64: 30, DType.FLOAT32: 50}
"""Cases of ADD and of SUB for each type."""
ADD_N_COUNT = 40


def cases() -> Iterator[Case]:
    """Equal shapes, broadcasts of every kind up to six axes, constant inputs, scales far apart."""
    for builtin in ("ADD", "SUB"):
        for dtype, count in COUNTS.items():
            for seed in range(count):
                name = f"{builtin.lower()}_{dtype.value}_{seed}"
                yield _case(random.Random(name), builtin, dtype, name)
    for dtype in (DType.INT8, DType.FLOAT32):
        for seed in range(ADD_N_COUNT):
            name = f"add_n_{dtype.value}_{seed}"
            yield _add_n(random.Random(name), dtype, name)


def _case(rng: random.Random, builtin: str, dtype: DType, name: str) -> Case:
    shapes, out = draw_shapes(rng, rank=6)
    scale = 2.0 ** rng.uniform(-12, 2)
    ratio = 2.0 ** rng.choice((0, 0, rng.uniform(-4, 4), rng.uniform(-24, 24)))
    quants = [draw_quant(rng, dtype, size) for size in (scale, scale * ratio)]
    inputs = draw_inputs(rng, shapes, dtype, quants)
    # From an output so fine that TFLM's multiplier nears 1, to one so coarse that little is left.
    finest = -18.9 if dtype is DType.INT8 else -13.9
    y_scale = scale * max(1, ratio) * 2.0 ** rng.choice((0, 0, 1, rng.uniform(-3, 3), finest, 12, rng.uniform(-12, 12)))
    y = Tensor("y", out, dtype, draw_quant(rng, dtype, max(y_scale, 2.0**-27)))  # RELU6's limit must fit an int32
    options = {"fused_activation_function": rng.choice((0, 0, 1, 2, 3)), "pot_scale_int16": rng.random() < 0.5}
    return Case(name, builtin, options, tuple(inputs), (y,), oracle="litert" if dtype is DType.INT64 else "tflm")


def _add_n(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = tuple(rng.randint(1, 6) for _ in range(rng.randint(1, 4)))
    x_quant = y_quant = None
    if dtype is DType.INT8:
        scale = 2.0 ** rng.uniform(-12, 2)
        x_quant = quant(float32(scale), draw_zero_point(rng))
        y_quant = quant(float32(scale * 2.0 ** rng.choice((0, 1, rng.uniform(-6, 6)))), draw_zero_point(rng))
    inputs = tuple(Tensor(f"x{i}", shape, dtype, x_quant) for i in range(rng.choice((2, 2, 3, 4, 7))))
    return Case(name, "ADD_N", {}, inputs, (Tensor("y", shape, dtype, y_quant),))
