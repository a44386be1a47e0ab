"""Generated test cases of SELECT and SELECT_V2."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor
from motes.ops.broadcast_cases import draw_quant, draw_shapes, draw_values
from motes.ops.case import Case

COUNTS = {DType.INT8: 40, DType.INT16: 25, DType.FLOAT32: 30, DType.INT32: 12, DType.INT64: 12, DType.BOOL: 8}
"""Cases of SELECT_V2 for each type of what is selected."""
SELECT_COUNT = 60
TFLM = (DType.INT8, DType.INT16, DType.FLOAT32)
"""Types that TFLM has."""


def cases() -> Iterator[Case]:
    """Equal shapes, three tensors broadcast in every way up to five axes, constants; SELECT's condition of one axis."""
    for dtype, count in COUNTS.items():
        for seed in range(count):
            name = f"select_v2_{dtype.value}_{seed}"
            rng = random.Random(name)
            shapes, out = draw_shapes(rng, 3, rank=5)
            yield _case(rng, "SELECT_V2", dtype, shapes, out, name)
    for seed in range(SELECT_COUNT):
        name = f"select_{seed}"
        rng = random.Random(name)
        out = tuple(rng.randint(1, 5) for _ in range(rng.randint(1, 4)))
        yield _case(rng, "SELECT", rng.choice(tuple(COUNTS)), [rng.choice((out, out[:1])), out, out], out, name)


def _case(
    rng: random.Random, builtin: str, dtype: DType, shapes: list[tuple[int, ...]], out: tuple[int, ...], name: str
) -> Case:
    quantization = draw_quant(rng, dtype, 2.0 ** rng.uniform(-12, 2))
    condition = Tensor("condition", shapes[0], DType.BOOL)
    a, b = (
        Tensor(
            "ab"[i], shapes[i + 1], dtype, quantization, draw_values(rng, shapes[i + 1], dtype) if constant else None
        )
        for i, constant in enumerate((rng.random() < 0.2, rng.random() < 0.2))
    )
    y = Tensor("y", out, dtype, quantization)
    known = builtin == "SELECT_V2" and dtype in TFLM
    return Case(name, builtin, {}, (condition, a, b), (y,), oracle="tflm" if known else "litert")
