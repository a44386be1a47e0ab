"""Generated test cases of QUANTIZE and DEQUANTIZE."""

from __future__ import annotations

import random
from collections.abc import Iterator

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
    (DType.UINT8, DType.INT8),
    (DType.INT16, DType.INT8),
    (DType.INT16, DType.INT16),
)
_DEQUANTIZES = tuple((dtype, DType.FLOAT32) for dtype in (DType.INT8, DType.UINT8, DType.INT16))


def cases() -> Iterator[Case]:
    """Every pair of types, scales from equal to far apart, zero points at the ends."""
    for builtin, pairs in (("QUANTIZE", _QUANTIZES), ("DEQUANTIZE", _DEQUANTIZES)):
        for x, y in pairs:
            for seed in range(COUNT):
                name = f"{builtin.lower()}_{x.value}_{y.value}_{seed}"
                yield _case(random.Random(name), builtin, x, y, name)
    for seed in range(COUNT // 2):
        yield _sign(random.Random(f"sign {seed}"), f"quantize_sign_{seed}")


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
