"""Generated test cases of RESHAPE, EXPAND_DIMS and SQUEEZE."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from motes.ir import DType
from motes.ops.case import Case, Oracle, indices, moved, with_computed
from motes.ops.movement import EVERY

COUNT = 10
"""Cases of each operator and type."""

_EXPANDED_BY_TFLM = (DType.INT8, DType.INT16, DType.FLOAT32)


def cases() -> Iterator[Case]:
    """Shapes with the same number of elements, with and without a tensor that holds the shape; axes of size 1."""
    for dtype in EVERY:
        for seed in range(COUNT):
            for what, make in (("reshape", _reshape), ("expand_dims", _expand), ("squeeze", _squeeze)):
                case = make(random.Random(f"{what} {dtype.value} {seed}"), dtype, f"{what}_{dtype.value}_{seed}")
                yield from with_computed(case, 1) if what == "reshape" else [case]


def _factors(rng: random.Random) -> list[int]:
    return [rng.choice((1, 2, 3, 5)) for _ in range(rng.randint(1, 4))]


def _reshape(rng: random.Random, dtype: DType, name: str) -> Case:
    factors = _factors(rng)
    x = moved("x", factors, dtype)
    rng.shuffle(factors)
    cut = rng.randint(1, len(factors))
    other = (*factors[: cut - 1], math.prod(factors[cut - 1 :]))
    target = (indices("shape", other),) if rng.random() < 0.5 else ()
    return Case(name, "RESHAPE", {"new_shape": other}, (x, *target), (moved("y", other, dtype),))


def _expand(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = _factors(rng)
    axis = rng.randint(0, len(shape))
    told = indices("axis", [rng.choice((axis, axis - len(shape) - 1))])
    y = moved("y", [*shape[:axis], 1, *shape[axis:]], dtype)
    oracle: Oracle = "tflm" if dtype in _EXPANDED_BY_TFLM else "litert"
    return Case(name, "EXPAND_DIMS", {}, (moved("x", shape, dtype), told), (y,), oracle=oracle)


def _squeeze(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = _factors(rng)
    axes = sorted({rng.randrange(len(shape)) for _ in range(2)})
    shape = [1 if i in axes else s for i, s in enumerate(shape)]
    kept = [s for i, s in enumerate(shape) if i not in axes]
    if not kept:
        shape, kept = [*shape, 3], [3]
    return Case(name, "SQUEEZE", {"squeeze_dims": axes}, (moved("x", shape, dtype),), (moved("y", kept, dtype),))
