"""Generated test cases of the activations of straight pieces."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor, quant
from motes.ops.case import Case, Oracle, draw_zero_point, float32

COUNT = 30
"""Cases of each operator and type."""

FLOAT32, INT8, UINT8, INT16 = DType.FLOAT32, DType.INT8, DType.UINT8, DType.INT16

_SERVED: tuple[tuple[str, tuple[tuple[DType, Oracle], ...]], ...] = (
    ("RELU", ((FLOAT32, "tflm"), (INT8, "tflm"), (INT16, "tflm"), (UINT8, "litert"))),
    ("RELU6", ((FLOAT32, "tflm"), (INT8, "tflm"), (INT16, "tflm"), (UINT8, "litert"))),
    ("RELU_N1_TO_1", ((FLOAT32, "litert"), (INT8, "litert"), (UINT8, "litert"))),
    ("RELU_0_TO_1", ((FLOAT32, "litert"), (INT8, "litert"), (UINT8, "litert"))),
    ("LEAKY_RELU", ((FLOAT32, "tflm"), (INT8, "tflm"), (INT16, "tflm"), (UINT8, "litert"))),
)


def cases() -> Iterator[Case]:
    """Every operator in every type: equal and different quantizations, slopes of both signs and above 1."""
    for builtin, served in _SERVED:
        for dtype, oracle in served:
            for seed in range(COUNT):
                name = f"{builtin.lower()}_{dtype.value}_{seed}"
                yield _case(random.Random(name), builtin, dtype, name, oracle)


def _case(rng: random.Random, builtin: str, dtype: DType, name: str, oracle: Oracle) -> Case:
    rank = rng.randint(1, 5)
    shape = tuple(rng.randint(1, (60, 10, 6, 4, 3)[rank - 1]) for _ in range(rank))
    alphas = (0.2, 0.01, 0.3, -0.5, 1.0, 2.5, 0.0)
    options = {"alpha": float32(rng.choice((*alphas, rng.uniform(-2, 2))))} if builtin == "LEAKY_RELU" else {}
    x, y = Tensor("x", shape, dtype), Tensor("y", shape, dtype)
    if dtype is not FLOAT32:
        low, high = {INT8: (-128, 127), UINT8: (0, 255), INT16: (-32768, 32767)}[dtype]
        symmetric = dtype is INT16 and builtin == "RELU"
        zeros = [0 if symmetric else draw_zero_point(rng, low, high) for _ in "xy"]
        scale = float32(2.0 ** rng.choice((rng.uniform(-6, -2), rng.uniform(-14, 4))))
        ratio = 2.0 ** rng.choice((0.0, 0.0, rng.uniform(-2, 2), rng.uniform(-8, 8)))
        x = Tensor("x", shape, dtype, quant(scale, zeros[0]))
        y = Tensor("y", shape, dtype, x.quant if rng.random() < 0.4 else quant(float32(scale * ratio), zeros[1]))
    return Case(name, builtin, options, (x,), (y,), {}, oracle)
