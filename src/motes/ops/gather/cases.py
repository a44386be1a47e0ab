"""Generated test cases of GATHER, GATHER_ND and EMBEDDING_LOOKUP."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from motes.ir import DType, Quant, Tensor
from motes.ops.case import Case, Oracle, draw_values, float32, moved
from motes.ops.movement import EVERY

COUNT = 20
"""Cases of each operator and type."""

_BY_TFLM = (DType.INT8, DType.FLOAT32)


def cases() -> Iterator[Case]:
    """Slices, elements and rows of one to four axes, with batches; indices that are computed and constant."""
    for dtype in EVERY:
        for seed in range(COUNT):
            rng = random.Random(f"gather {dtype.value} {seed}")
            yield _gather(rng, dtype, f"gather_{dtype.value}_{seed}")
            rng = random.Random(f"gather nd {dtype.value} {seed}")
            yield _gather_nd(rng, dtype, f"gather_nd_{dtype.value}_{seed}")
            rng = random.Random(f"embedding {dtype.value} {seed}")
            yield _embedding(rng, dtype, f"embedding_{dtype.value}_{seed}")


def _shape(rng: random.Random, least: int = 1) -> list[int]:
    return [rng.choice((1, 2, 3, 5)) for _ in range(rng.randint(least, 4))]


def _indices(rng: random.Random, shape: list[int], most: int, dtype: DType) -> Tensor:
    data = None
    if rng.random() < 0.3:
        data = np.random.default_rng(rng.getrandbits(64)).integers(0, most, shape, dtype.numpy, endpoint=True)
    return Tensor("indices", tuple(shape), dtype, None, data)


def _case(name: str, builtin: str, options: dict[str, int], x: Tensor, at: Tensor, most: int, y: list[int]) -> Case:
    oracle: Oracle = "tflm" if x.dtype in _BY_TFLM and at.dtype is DType.INT32 else "litert"
    inputs = (at, x) if builtin == "EMBEDDING_LOOKUP" else (x, at)
    made = Tensor("y", tuple(y), x.dtype, x.quant)
    return Case(name, builtin, options, inputs, (made,), {at: (0, most)}, oracle)


def _gather(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = _shape(rng)
    axis = rng.randrange(len(shape))
    batches = rng.choice((0, rng.randint(0, axis)))
    own = [rng.randint(1, 4) for _ in range(rng.randint(0 if batches else 1, 2))]
    at = _indices(rng, shape[:batches] + own, shape[axis] - 1, rng.choice((DType.INT32, DType.INT32, DType.INT64)))
    options = {"axis": rng.choice((axis, axis - len(shape))), "batch_dims": batches}
    y = shape[:axis] + own + shape[axis + 1 :]
    return _case(name, "GATHER", options, moved("x", shape, dtype), at, shape[axis] - 1, y)


def _gather_nd(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = _shape(rng)
    rank = rng.randint(1, len(shape))
    own = [rng.randint(1, 4) for _ in range(rng.randint(0, 2))]
    most = min(shape[:rank]) - 1
    at = _indices(rng, [*own, rank], most, rng.choice((DType.INT32, DType.INT32, DType.INT64)))
    return _case(name, "GATHER_ND", {}, moved("x", shape, dtype), at, most, own + shape[rank:])


def _embedding(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = _shape(rng, 2)
    count = rng.randint(1, 6)
    at = _indices(rng, [count], shape[0] - 1, DType.INT32)
    rows = moved("rows", shape, dtype, draw_values(rng, shape, dtype) if at.data is None else None)
    case = _case(name, "EMBEDDING_LOOKUP", {}, rows, at, shape[0] - 1, [count, *shape[1:]])
    if dtype is not DType.INT8 or rng.random() < 0.4:
        return case
    each = shape[0] if rng.random() < 0.4 else 1
    scales = tuple(float32(2.0 ** rng.uniform(-9, 3)) for _ in range(each))
    scaled = Tensor("rows", rows.shape, dtype, Quant(scales, (0,) * each, 0 if each > 1 else None), rows.data)
    y = Tensor("y", (count, *shape[1:]), DType.FLOAT32)
    return Case(name, "EMBEDDING_LOOKUP", {}, (at, scaled), (y,), case.ranges, "litert" if each > 1 else "tflm")
