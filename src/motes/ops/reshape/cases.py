"""Generated test cases of RESHAPE."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from motes.ir import DType, Tensor, quant
from motes.ops.case import Case

COUNT = 60


def cases() -> Iterator[Case]:
    """Shapes with the same number of elements, with and without a tensor that holds the shape."""
    for seed in range(COUNT):
        yield _case(random.Random(f"reshape {seed}"), f"reshape_{seed}")


def _case(rng: random.Random, name: str) -> Case:
    factors = [rng.choice((1, 2, 3, 5)) for _ in range(rng.randint(1, 4))]
    shape = tuple(factors)
    rng.shuffle(factors)
    cut = rng.randint(1, len(factors))
    other = (*factors[: cut - 1], int(np.prod(factors[cut - 1 :])))
    dtype = rng.choice((DType.INT8, DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32))
    quantization = None if dtype in (DType.FLOAT32, DType.INT32) else quant(0.5, 0)
    x = Tensor("x", shape, dtype, quantization)
    y = Tensor("y", other, dtype, quantization)
    if rng.random() < 0.5:
        return Case(name, "RESHAPE", {"new_shape": other}, (x,), (y,))
    target = Tensor("shape", (len(other),), DType.INT32, None, np.array(other, np.int32))
    return Case(name, "RESHAPE", {"new_shape": other}, (x, target), (y,))
