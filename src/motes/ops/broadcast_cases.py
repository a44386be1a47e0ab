"""What the generated cases of elementwise operators share: shapes that broadcast, constants, quantizations."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from motes.ir import Array, DType, Quant, Tensor, quant
from motes.ops.case import draw_int8, draw_zero_point, float32

MOST = 300
"""Elements of an output."""


def draw_shapes(rng: random.Random, count: int = 2, rank: int = 4) -> tuple[list[tuple[int, ...]], tuple[int, ...]]:
    """`count` shapes of at most `rank` axes, equal or broadcast against each other in any way, and the output's."""
    shape = tuple(rng.randint(1, 6) for _ in range(rng.randint(1, rank)))
    while np.prod(shape) > MOST:
        shape = shape[1:]
    shapes = [shape] * count
    if rng.random() < 0.6:  # repeat some, each along axes of its own
        for i in range(count):
            thinned = tuple(1 if rng.random() < 0.35 else size for size in shape)
            shapes[i] = thinned[rng.choice((0, 0, rng.randint(0, len(shape)))) :] or (1,)
        if rng.random() < 0.5:
            shapes[rng.randrange(count)] = shape
    return shapes, tuple(int(size) for size in np.broadcast_shapes(*shapes))


def draw_values(rng: random.Random, shape: Sequence[int], dtype: DType, span: float = 100) -> Array:
    """Constant values: int8 and int16 anywhere in their type, other numbers within `span`, bools."""
    values = np.random.default_rng(rng.getrandbits(64))
    if dtype is DType.INT8:
        return draw_int8(rng, shape)
    if dtype is DType.FLOAT32:
        return (values.uniform(-span, span, shape) * 10.0 ** values.integers(-3, 1, shape)).astype(np.float32)
    if dtype is DType.BOOL:
        return values.integers(0, 2, shape).astype(bool)
    info = np.iinfo(dtype.numpy)
    low, high = (info.min, info.max) if dtype is DType.INT16 else (max(info.min, -int(span)), min(info.max, int(span)))
    return values.integers(low, high, shape, dtype.numpy, endpoint=True)


def draw_quant(rng: random.Random, dtype: DType, scale: float) -> Quant | None:
    """A quantization of about `scale` for types that have one; int16 is symmetric."""
    if dtype is DType.INT8:
        return quant(float32(scale), draw_zero_point(rng))
    return quant(float32(scale), 0) if dtype is DType.INT16 else None


def draw_inputs(
    rng: random.Random,
    shapes: Sequence[tuple[int, ...]],
    dtype: DType,
    quants: Sequence[Quant | None],
    span: float = 100,
) -> list[Tensor]:
    """Tensors a, b, ... of these shapes; the last is now and then a constant, or the first one again."""
    tensors = [
        Tensor("abc"[i], shape, dtype, quants[i], draw_values(rng, shape, dtype, span) if constant else None)
        for i, shape in enumerate(shapes)
        for constant in [i == len(shapes) - 1 and rng.random() < 0.25]
    ]
    if tensors[-1].data is None and shapes[0] == shapes[-1] and rng.random() < 0.1:
        tensors[-1] = tensors[0]
    if len(tensors) == 2 and rng.random() < 0.3:
        tensors.reverse()
    return tensors
