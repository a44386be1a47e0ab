"""Generated test cases of ARG_MAX, ARG_MIN and TOPK_V2."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from motes.ir import DType, Tensor, quant
from motes.ops.case import Case, draw_zero_point, float32, with_computed

COUNT = 50
"""Cases of each type."""
_QUANTIZED = (DType.INT8, DType.UINT8, DType.INT16)


def cases() -> Iterator[Case]:
    """Every axis, ties, rows of one element; k from one to all."""
    for builtin in ("ARG_MAX", "ARG_MIN"):
        for dtype in (DType.INT8, DType.FLOAT32, DType.UINT8, DType.INT32):
            for seed in range(COUNT if dtype in (DType.INT8, DType.FLOAT32) else COUNT // 2):
                name = f"{builtin.lower()}_{dtype.value}_{seed}"
                case = _arg(random.Random(name), name, builtin, dtype, DType.INT32)
                yield from with_computed(case, 1) if seed % 3 == 0 else [case]
            for seed in range(COUNT // 5):
                name = f"{builtin.lower()}_{dtype.value}_wide_{seed}"
                yield _arg(random.Random(name), name, builtin, dtype, DType.INT64)
    for dtype in (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32):
        for seed in range(COUNT // 2):
            name = f"topk_{dtype.value}_{seed}"
            yield _top_k(random.Random(name), name, dtype)


def _arg(rng: random.Random, name: str, builtin: str, dtype: DType, indices: DType) -> Case:
    x = _input(rng, dtype)
    axis = rng.randrange(-len(x.shape), len(x.shape))
    kept = tuple(size for i, size in enumerate(x.shape) if i != axis % len(x.shape))
    at_shape = (1,) if rng.random() < 0.7 else ()
    at = Tensor("axis", at_shape, DType.INT32, None, np.full(at_shape, axis, np.int32))
    y = Tensor("y", kept, indices)
    oracle = "tflm" if dtype in (DType.INT8, DType.FLOAT32) and indices is DType.INT32 else "litert"
    options = {"output_type": 2 if indices is DType.INT32 else 4}
    return Case(name, builtin, options, (x, at), (y,), _few(rng, x), oracle)  # type: ignore[arg-type]


def _top_k(rng: random.Random, name: str, dtype: DType) -> Case:
    x = _input(rng, dtype)
    k = rng.randint(1, x.shape[-1])
    shape = (*x.shape[:-1], k)
    number = Tensor("k", (1,), DType.INT32, None, np.array([k], np.int32))
    outputs = (Tensor("values", shape, dtype, x.quant), Tensor("indices", shape, DType.INT32))
    return Case(name, "TOPK_V2", {}, (x, number), outputs, _few(rng, x), "litert")


def _input(rng: random.Random, dtype: DType) -> Tensor:
    shape = tuple(rng.choice((1, 2, 3, 5, 8)) for _ in range(rng.randint(1, 4)))
    if dtype not in _QUANTIZED:
        return Tensor("x", shape, dtype)
    info = np.iinfo(dtype.numpy)
    zero = draw_zero_point(rng, int(info.min), int(info.max))
    return Tensor("x", shape, dtype, quant(float32(2.0 ** rng.uniform(-8, 2)), zero))


def _few(rng: random.Random, x: Tensor) -> dict[Tensor, tuple[float, float]]:
    """Often few values, so that several are equal."""
    return {x: (0, 3)} if rng.random() < 0.4 and x.dtype is not DType.FLOAT32 else {}
