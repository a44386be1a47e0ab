"""Generated test cases of BATCH_MATMUL."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from motes.ir import Array, DType, Quant, Tensor, quant
from motes.ops.case import Case, draw_int8, draw_zero_point, float32

COUNT = 60
"""Cases of each type."""


def cases() -> Iterator[Case]:
    """Ranks 2 to 5, either side repeated, either transposed, either constant."""
    for dtype in (DType.INT8, DType.INT16, DType.FLOAT32):
        for seed in range(COUNT):
            name = f"batch_matmul_{dtype.value}_{seed}"
            yield _case(random.Random(name), name, dtype)


def _case(rng: random.Random, name: str, dtype: DType) -> Case:
    rows, depth, cols = (rng.choice((1, 2, 3, 4, rng.randint(1, 9))) for _ in range(3))
    adj_x, adj_y = rng.random() < 0.4, rng.random() < 0.4
    batches = [rng.randint(1, 3) for _ in range(rng.randint(0, 3))]
    lead = [tuple(size if rng.random() < 0.7 else 1 for size in batches) for _ in range(2)]
    full = tuple(max(pair) for pair in zip(*lead, strict=True))
    side = rng.randrange(2)  # one of the two may have fewer axes
    while lead[side] and lead[side][0] == 1 and rng.random() < 0.7:
        lead[side] = lead[side][1:]
    scale = float32(2.0 ** rng.uniform(-10, 2)), float32(2.0 ** rng.uniform(-10, 2))
    size = 40.0 if dtype is DType.INT8 else 10_000.0
    y_scale = float32(scale[0] * scale[1] * size * depth**0.5 * 2.0 ** rng.choice((0, 0, 0, 2, -4, 12)))
    a_shape = (*lead[0], *((depth, rows) if adj_x else (rows, depth)))
    b_shape = (*lead[1], *((cols, depth) if adj_y else (depth, cols)))
    a_data = _draw(rng, dtype, a_shape) if rng.random() < 0.1 else None
    b_data = _draw(rng, dtype, b_shape) if a_data is None and rng.random() < 0.4 else None
    a = Tensor("a", a_shape, dtype, _quant(rng, dtype, scale[0]), a_data)
    b = Tensor("b", b_shape, dtype, _quant(rng, dtype, scale[1]), b_data)
    y = Tensor("y", (*full, rows, cols), dtype, _quant(rng, dtype, y_scale))
    options = {"adj_x": adj_x, "adj_y": adj_y, "asymmetric_quantize_inputs": False}
    return Case(name, "BATCH_MATMUL", options, (a, b), (y,))


def _quant(rng: random.Random, dtype: DType, scale: float) -> Quant | None:
    if dtype is DType.FLOAT32:
        return None
    return quant(scale, draw_zero_point(rng) if dtype is DType.INT8 else 0)


def _draw(rng: random.Random, dtype: DType, shape: tuple[int, ...]) -> Array:
    if dtype is DType.INT8:
        return draw_int8(rng, shape)
    values = np.random.default_rng(rng.getrandbits(64)).standard_normal(shape)
    return (values if dtype is DType.FLOAT32 else (values * 10_000).clip(-32768, 32767)).astype(dtype.numpy)
