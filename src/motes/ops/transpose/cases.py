"""Generated test cases of TRANSPOSE and REVERSE_V2."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType
from motes.ops.case import Case, Oracle, indices, moved, with_computed
from motes.ops.movement import EVERY

COUNT = 20
"""Cases of each operator and type."""

_BY_TFLM = {
    "TRANSPOSE": (DType.INT8, DType.INT16, DType.FLOAT32),
    "REVERSE_V2": EVERY,
}


def cases() -> Iterator[Case]:
    """Shapes of one to five axes in every type; axes of size 1 among them."""
    for dtype in EVERY:
        for seed in range(COUNT):
            rng = random.Random(f"transpose {dtype.value} {seed}")
            yield _transpose(rng, dtype, f"transpose_{dtype.value}_{seed}")
            rng = random.Random(f"reverse {dtype.value} {seed}")
            case = _reverse(rng, dtype, f"reverse_{dtype.value}_{seed}")
            yield from with_computed(case, 1) if seed % 3 == 0 else [case]


def _shape(rng: random.Random) -> list[int]:
    return [rng.choice((1, 2, 3, 4, 5)) for _ in range(rng.randint(1, 5))]


def _transpose(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = _shape(rng)
    order = rng.sample(range(len(shape)), len(shape))
    inputs = (moved("x", shape, dtype), indices("order", order))
    y = moved("y", [shape[i] for i in order], dtype)
    return Case(name, "TRANSPOSE", {}, inputs, (y,), oracle=_oracle("TRANSPOSE", dtype))


def _reverse(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = _shape(rng)
    axis = rng.randrange(len(shape))
    inputs = (moved("x", shape, dtype), indices("axes", [axis]))
    return Case(name, "REVERSE_V2", {}, inputs, (moved("y", shape, dtype),), oracle=_oracle("REVERSE_V2", dtype))


def _oracle(builtin: str, dtype: DType) -> Oracle:
    return "tflm" if dtype in _BY_TFLM[builtin] else "litert"
