"""Generated test cases of SOFTMAX."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor, quant
from motes.ops.case import Case, draw_zero_point, float32

COUNT = 160
OTHERS = 50
"""Cases of float32, and of int16."""


def cases() -> Iterator[Case]:
    """Rows from 1 to 511 elements, flat to steep; int8 to int8 and to int16, int16 and float32."""
    for seed in range(COUNT):
        yield _case(random.Random(f"softmax {seed}"), f"softmax_{seed}")
    for seed in range(OTHERS):
        yield _float(random.Random(f"softmax float {seed}"), f"softmax_float32_{seed}")
        yield _int16(random.Random(f"softmax int16 {seed}"), f"softmax_int16_{seed}")


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


def _shape(rng: random.Random) -> tuple[int, ...]:
    depth = rng.choice((1, 2, 3, 10, rng.randint(1, 40), rng.randint(1, 300)))
    return (*(rng.choice((1, 1, 2, 3)) for _ in range(rng.randint(0, 4))), depth)


def _float(rng: random.Random, name: str) -> Case:
    shape = _shape(rng)
    x, y = Tensor("x", shape, DType.FLOAT32), Tensor("y", shape, DType.FLOAT32)
    size = rng.choice((1.0, 5.0, 30.0, 300.0, 1e-3))
    beta = rng.choice((1.0, 1.0, 0.5, 10.0, -1.0, float32(rng.uniform(0.1, 3.0))))
    return Case(name, "SOFTMAX", {"beta": beta}, (x,), (y,), {x: (-size, size)})


def _int16(rng: random.Random, name: str) -> Case:
    shape = _shape(rng)
    scale = float32(2.0 ** rng.choice((rng.uniform(-16, -10), rng.uniform(-24, -1))))
    x = Tensor("x", shape, DType.INT16, quant(scale, 0))
    y = Tensor("y", shape, DType.INT16, quant(1 / 32768, 0))
    return Case(name, "SOFTMAX", {"beta": rng.choice((1.0, 1.0, 0.5, float32(rng.uniform(0.1, 3.0))))}, (x,), (y,))
