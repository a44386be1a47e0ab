"""Generated test cases of PRELU."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from motes.ir import Array, DType, Quant, Tensor, quant
from motes.ops.case import Case, draw_int8, draw_zero_point, float32

COUNT = 40
"""Cases of each type."""

FLOAT32, INT8, INT16 = DType.FLOAT32, DType.INT8, DType.INT16


def cases() -> Iterator[Case]:
    """Slopes for each channel, element or row, constant or not; scales from equal to far apart."""
    for dtype in (FLOAT32, INT8, INT16):
        for seed in range(COUNT):
            name = f"prelu_{dtype.value}_{seed}"
            yield _case(random.Random(name), dtype, name)


def _case(rng: random.Random, dtype: DType, name: str) -> Case:
    rank = rng.randint(1, 4)  # TFLM does no more
    shape = tuple(rng.randint(1, (40, 9, 5, 4)[rank - 1]) for _ in range(rank))
    kept = rng.choice((1, 1, rank, rng.randint(0, rank)))  # axes that the slopes have, from the last
    slopes = tuple(1 if rng.random() < 0.2 else size for size in shape[rank - kept :]) or (1,)
    if rng.random() < 0.5:
        slopes = (1,) * (rank - len(slopes)) + slopes
    x = Tensor("x", shape, dtype, _quant(rng, dtype))
    slope_type = FLOAT32 if dtype is FLOAT32 else INT8
    constant = rng.random() < 0.7
    slope = Tensor(
        "slope",
        slopes,
        slope_type,
        _quant(rng, slope_type),
        _values(rng, slopes, slope_type) if constant else None,
    )
    y_quant = x.quant
    if x.quant is not None and rng.random() < 0.7:
        wide = 2.0 ** rng.choice((rng.uniform(-2, 2), rng.uniform(-8, 8)))
        y_quant = quant(float32(x.scale * wide), _quant(rng, dtype, x.scale).zero_point[0])  # type: ignore[union-attr]
    return Case(name, "PRELU", {}, (x, slope), (Tensor("y", shape, dtype, y_quant),))


def _quant(rng: random.Random, dtype: DType, scale: float | None = None) -> Quant | None:
    if dtype is FLOAT32:
        return None
    low, high = (-128, 127) if dtype is INT8 else (-32768, 32767)
    return quant(scale or float32(2.0 ** rng.uniform(-12, 2)), draw_zero_point(rng, low, high))


def _values(rng: random.Random, shape: tuple[int, ...], dtype: DType) -> Array:
    if dtype is INT8:
        return draw_int8(rng, shape)
    return np.random.default_rng(rng.getrandbits(64)).normal(0.2, 0.5, shape).astype(np.float32)
