"""Generated test cases of SOFTMAX."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor, quant
from motes.ops.case import Case, draw_zero_point, float32

COUNT = 200


def cases() -> Iterator[Case]:
    """Rows from 1 to 511 elements, flat to steep, to int8 and to int16."""
    for seed in range(COUNT):
        yield _case(random.Random(f"softmax {seed}"), f"softmax_{seed}")


def _case(rng: random.Random, name: str) -> Case:
    # From 512 equal elements on, TFLM stops the program.
    depth = rng.choice((1, 2, 3, 4, 10, 12, rng.randint(1, 64), rng.randint(1, 511)))
    shape = (*(rng.choice((1, 1, 2, 3)) for _ in range(rng.randint(0, 3))), depth)
    beta = rng.choice((1.0, 1.0, 1.0, 0.5, 10.0, float32(rng.uniform(0.1, 3.0))))
    scale = float32(2.0 ** rng.choice((rng.uniform(-8, 0), rng.uniform(-20, 8))))
    x = Tensor("x", shape, DType.INT8, quant(scale, draw_zero_point(rng)))
    if rng.random() < 0.75:
        y = Tensor("y", shape, DType.INT8, quant(1 / 256, -128))
    else:
        y = Tensor("y", shape, DType.INT16, quant(1 / 65536, -32768))
    return Case(name, "SOFTMAX", {"beta": beta}, (x,), (y,))
