"""Generated test cases of QUANTIZE and DEQUANTIZE."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from motes.ir import DType, Quant, Tensor, quant
from motes.ops.case import Case, draw_zero_point, float32

COUNT = 30
_QUANTIZES = (
    (DType.FLOAT32, DType.INT8),
    (DType.FLOAT32, DType.INT16),
    (DType.INT8, DType.INT8),
    (DType.INT8, DType.UINT8),
    (DType.INT8, DType.INT16),
    (DType.INT8, DType.INT32),
    (DType.UINT8, DType.INT8),
    (DType.INT16, DType.INT8),
    (DType.INT16, DType.INT16),
    (DType.INT16, DType.INT32),
    (DType.INT32, DType.INT8),
    (DType.INT32, DType.INT16),
)
_BEYOND = ((DType.FLOAT32, DType.UINT8), (DType.UINT8, DType.UINT8), (DType.UINT8, DType.INT16))
"""Pairs that LiteRT has and TFLM lacks."""
_DEQUANTIZES = tuple((dtype, DType.FLOAT32) for dtype in (DType.INT8, DType.UINT8, DType.INT16))


def cases() -> Iterator[Case]:
    """Every pair of types, scales from equal to far apart, zero points at the ends."""
    for builtin, pairs in (("QUANTIZE", _QUANTIZES), ("DEQUANTIZE", _DEQUANTIZES)):
        for x, y in pairs:
            for seed in range(COUNT):
                name = f"{builtin.lower()}_{x.value}_{y.value}_{seed}"
                yield _case(random.Random(name), builtin, x, y, name)
    for x, y in _BEYOND:
        for seed in range(COUNT):
            name = f"quantize_{x.value}_{y.value}_{seed}"
            yield replace(_case(random.Random(name), "QUANTIZE", x, y, name), oracle="litert")
    for seed in range(COUNT // 2):
        yield _sign(random.Random(f"sign {seed}"), f"quantize_sign_{seed}")
    for seed in range(COUNT):
        yield _slices(random.Random(f"slices {seed}"), f"dequantize_slices_{seed}")
    for seed in range(COUNT // 2):
        x16, y32 = (Tensor(label, (1, 2, seed + 1), d) for label, d in (("x", DType.FLOAT16), ("y", DType.FLOAT32)))
        limits = (-65504.0, 65504.0) if seed % 2 else (-2048.0, 2048.0)
        yield Case(f"dequantize_float16_{seed}", "DEQUANTIZE", {}, (x16,), (y32,), {x16: limits}, "litert")


def _slices(rng: random.Random, name: str) -> Case:
    """A scale and a zero point for each slice along an axis."""
    shape = tuple(rng.randint(1, 6) for _ in range(rng.randint(1, 4)))
    axis = rng.randrange(len(shape))
    shape = (*shape[:axis], rng.randint(2, 6), *shape[axis + 1 :])
    dtype, low, high = rng.choice(((DType.INT8, -128, 127), (DType.UINT8, 0, 255)))
    scales = tuple(float32(2.0 ** rng.uniform(-12, 2)) for _ in range(shape[axis]))
    zeros = tuple(draw_zero_point(rng, low, high) for _ in scales)
    x = Tensor("x", shape, dtype, Quant(scales, zeros, axis))
    return Case(name, "DEQUANTIZE", {}, (x,), (Tensor("y", shape, DType.FLOAT32),), oracle="litert")


def _sign(rng: random.Random, name: str) -> Case:
    """uint8 to int8 of the same scale, or back."""
    shape, scale, zero = (rng.randint(1, 40),), float32(2.0 ** rng.uniform(-16, 4)), draw_zero_point(rng)
    signed, unsigned = (DType.INT8, quant(scale, zero)), (DType.UINT8, quant(scale, zero + 128))
    x, y = rng.sample((signed, unsigned), 2)
    return Case(name, "QUANTIZE", {}, (Tensor("x", shape, *x),), (Tensor("y", shape, *y),))


def _case(rng: random.Random, builtin: str, x_dtype: DType, y_dtype: DType, name: str) -> Case:
    shape = tuple(rng.randint(1, 9) for _ in range(rng.randint(1, 4)))
    # Floats come as 10**-3 .. 10**3; divided by the scale they must fit an int32, or TFLM's result is undefined.
    scale = 2.0 ** rng.uniform(-16, 4)
    with_float = DType.FLOAT32 in (x_dtype, y_dtype)
    ratio = 1.0 if with_float else 2.0 ** rng.choice((0, 0, 1, rng.uniform(-3, 3), rng.uniform(-12, 12), -30.5, 31.5))
    tensors = []
    for label, dtype, size in (("x", x_dtype, scale), ("y", y_dtype, scale * ratio)):
        tensors.append(Tensor(label, shape, dtype, _quant(rng, dtype, size)))
    return Case(name, builtin, {}, (tensors[0],), (tensors[1],))


def _quant(rng: random.Random, dtype: DType, scale: float) -> Quant | None:
    if dtype is DType.FLOAT32:
        return None
    info = np.iinfo(dtype.numpy)
    return quant(float32(scale), draw_zero_point(rng, int(info.min), int(info.max)))
