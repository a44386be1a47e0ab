"""Generated test cases of AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor, quant
from motes.ops.case import Case, draw_zero_point, float32
from motes.ops.common import PADDINGS, window

COUNT, OTHERS = 200, 60
"""Cases of int8, and of each other type."""


def cases() -> Iterator[Case]:
    """Windows larger and smaller than the input, every stride up to 4, both paddings, every activation."""
    for builtin in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        for seed in range(COUNT):
            yield _case(random.Random(f"{builtin} {seed}"), builtin, f"{builtin.lower()}_{seed}")
    others = [(b, d) for b in ("AVERAGE_POOL_2D", "MAX_POOL_2D") for d in (DType.INT16, DType.FLOAT32)]
    for builtin, dtype in (*others, ("L2_POOL_2D", DType.FLOAT32)):
        for seed in range(OTHERS):
            name = f"{builtin.lower()}_{dtype.value}_{seed}"
            yield _case(random.Random(name), builtin, name, dtype)


def _case(rng: random.Random, builtin: str, name: str, dtype: DType = DType.INT8) -> Case:
    padding = rng.choice((0, 1))
    filters = [rng.choice((1, 2, 2, 3, 3, 5, rng.randint(1, 9))) for _ in range(2)]
    strides = [rng.randint(1, 4) for _ in range(2)]
    # SAME padding allows a window larger than the input.
    sizes = [rng.randint(1 if padding == 0 else f, f + 8) for f in filters]
    if rng.random() < 0.2:  # over everything, as before a classifier
        padding, sizes = 1, list(filters)
    made = [window(s, f, d, 1, PADDINGS[padding])[0] for s, f, d in zip(sizes, filters, strides, strict=True)]
    batch, channels = rng.choice((1, 1, 2, 3)), rng.choice((1, 2, 3, 4, 5, 8, 16, rng.randint(1, 20)))
    quantization = None
    if dtype is not DType.FLOAT32:
        low, high = (-128, 127) if dtype is DType.INT8 else (-32768, 32767)
        quantization = quant(float32(2.0 ** rng.uniform(-12, 2)), draw_zero_point(rng, low, high))
    x = Tensor("x", (batch, *sizes, channels), dtype, quantization)
    y = Tensor("y", (batch, *made, channels), dtype, quantization)
    options = {
        "padding": padding,
        "stride_w": strides[1],
        "stride_h": strides[0],
        "filter_width": filters[1],
        "filter_height": filters[0],
        "fused_activation_function": rng.choice((0, 0, 1, 2, 3)),
    }
    return Case(name, builtin, options, (x,), (y,))
