"""Generated test cases of POW."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor
from motes.ops.broadcast_cases import draw_shapes, draw_values
from motes.ops.case import Case

COUNTS = {DType.INT32: 25, DType.FLOAT32: 50}
"""Cases for each type."""


def cases() -> Iterator[Case]:
    """Equal shapes, broadcasts of every kind up to four axes; powers within the type's range; constant exponents."""
    for dtype, count in COUNTS.items():
        for seed in range(count):
            name = f"pow_{dtype.value}_{seed}"
            yield _case(random.Random(name), dtype, name)


def _case(rng: random.Random, dtype: DType, name: str) -> Case:
    shapes, out = draw_shapes(rng)
    a, b = (Tensor("ab"[i], shapes[i], dtype) for i in range(2))
    ranges: dict[Tensor, tuple[float, float]] = {a: (-8, 8), b: (0, 10)}
    if dtype is DType.FLOAT32:
        ranges = {a: rng.choice(((0, 4), (1e-6, 1e6))), b: rng.choice(((-3, 3), (0.5, 0.5), (2, 2), (-6, 6)))}
    if rng.random() < 0.2:
        ranges.pop(b)
        data = draw_values(rng, b.shape, dtype, 3)
        b = Tensor("b", b.shape, dtype, None, abs(data) if dtype is DType.INT32 else data)
    return Case(name, "POW", {}, (a, b), (Tensor("y", out, dtype),), ranges, "litert")
