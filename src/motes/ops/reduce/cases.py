"""Generated test cases of reductions."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from motes.ir import DType, Tensor, quant
from motes.ops.case import Case, draw_zero_point, float32, with_computed

_TFLM = {
    "MEAN": (DType.INT8, DType.INT16, DType.FLOAT32),
    "SUM": (DType.INT8, DType.INT16, DType.FLOAT32),
    "REDUCE_MAX": (DType.INT8, DType.FLOAT32),
    "REDUCE_MIN": (DType.INT8, DType.FLOAT32),
    "REDUCE_ALL": (DType.BOOL,),
}
"""What TFLM does; the rest LiteRT does."""
_LITERT = {
    "MEAN": (DType.INT32,),
    "SUM": (DType.INT32,),
    "REDUCE_MAX": (DType.INT16, DType.INT32),
    "REDUCE_MIN": (DType.INT16, DType.INT32),
    "REDUCE_PROD": (DType.INT32, DType.FLOAT32),
    "REDUCE_ANY": (DType.BOOL,),
}


def cases() -> Iterator[Case]:
    """Ranks 1 to 5, any axes, from the front or from the end, once or twice, kept or not; images over their area."""
    for builtin in (*_TFLM, "REDUCE_PROD", "REDUCE_ANY"):
        types = [*_TFLM.get(builtin, ()), *_LITERT.get(builtin, ())]
        for dtype in types:
            for seed in range(60 if len(types) == 1 else 40 if dtype is DType.INT8 else 30):
                name = f"{builtin.lower()}_{dtype.value}_{seed}"
                case = _case(random.Random(name), name, builtin, dtype)
                yield from with_computed(case, 1) if seed % 3 == 0 else [case]


def _case(rng: random.Random, name: str, builtin: str, dtype: DType) -> Case:
    shape = tuple(rng.choice((1, 2, 3, 4, 5)) for _ in range(rng.randint(1, 5)))
    # TFLM has room for two axes; a third may be written twice, or not at all.
    axes = rng.sample(range(len(shape)), min(len(shape), rng.randint(1, 2)))
    if rng.random() < 0.3:  # over the area of an image, as before a classifier
        shape = (rng.randint(1, 2), rng.randint(1, 9), rng.randint(1, 9), rng.choice((1, 3, 4, 8, 12)))
        axes = rng.choice(([1, 2], [2, 1], [-3, -2]))
    keep = rng.random() < 0.5
    gone = {axis % len(shape) for axis in axes}
    kept = tuple(1 if i in gone else size for i, size in enumerate(shape) if keep or i not in gone)
    written = [axis - len(shape) if axis >= 0 and rng.random() < 0.3 else axis for axis in axes]
    x, y = _ends(rng, builtin, dtype, shape, kept)
    names = Tensor("axes", (len(written),), DType.INT32, None, np.array(written, np.int32))
    # Sums and products of int32 overflow in LiteRT as the compiler pleases.
    limits = {"SUM": 1e6, "MEAN": 1e6, "REDUCE_PROD": 3}.get(builtin)
    ranges = {x: (-limits, limits)} if limits and dtype is DType.INT32 else {}
    oracle = "tflm" if dtype in _TFLM.get(builtin, ()) else "litert"
    return Case(name, builtin, {"keep_dims": keep}, (x, names), (y,), ranges, oracle)  # type: ignore[arg-type]


def _ends(
    rng: random.Random, builtin: str, dtype: DType, shape: tuple[int, ...], kept: tuple[int, ...]
) -> tuple[Tensor, Tensor]:
    """Input and output."""
    if dtype not in (DType.INT8, DType.INT16):
        return Tensor("x", shape, dtype), Tensor("y", kept, dtype)
    low, high = (-128, 127) if dtype is DType.INT8 else (-32768, 32767)
    x_zero = draw_zero_point(rng, low, high) if dtype in _TFLM[builtin] else 0  # LiteRT wants none for int16
    x = quant(float32(2.0 ** rng.uniform(-8, 2)), x_zero)
    spread = rng.choice((0, 0, rng.uniform(-3, 3), rng.uniform(-12, 12), -28))
    y = quant(float32(x.scale[0] * 2.0**spread), draw_zero_point(rng, low, high))
    alike = builtin not in ("MEAN", "SUM") or rng.random() < 0.3
    return Tensor("x", shape, dtype, x), Tensor("y", kept, dtype, x if alike else y)
