"""Generated test cases of FULLY_CONNECTED."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from motes.ir import DType, Quant, Tensor, quant
from motes.ops.case import Case, draw_int8, draw_int32, draw_zero_point, float32

COUNT, LONG = 400, 40


def cases() -> Iterator[Case]:
    """Every rank of input, odd depths, per tensor and per channel, with and without bias, extreme multipliers."""
    for seed in range(LONG):  # sums beyond 2**23
        rng = random.Random(f"fully connected long {seed}")
        yield _case(rng, f"fully_connected_long_{seed}", rng.randint(500, 2000), rng.randint(1, 9))
    for seed in range(COUNT):
        rng = random.Random(f"fully connected {seed}")
        depth = rng.choice((1, 2, 3, 4, 7, 8, 16, 31, 64, 200, rng.randint(1, 100)))
        units = rng.choice((1, 2, 3, 4, 5, 8, 10, rng.randint(1, 40)))
        yield _case(rng, f"fully_connected_{seed}", depth, units)


def _case(rng: random.Random, name: str, depth: int, units: int) -> Case:
    lead = tuple(rng.choice((1, 1, 2, 3)) for _ in range(rng.randint(0, 3)))
    keep = rng.random() < 0.5
    rows = 1
    for size in lead:
        rows *= size
    # Without keep_num_dims the input may also spread one row over several dimensions.
    spread = not keep and depth % 2 == 0 and rng.random() < 0.5
    x_shape = (*lead, 2, depth // 2) if spread else (*lead, depth)
    y_shape = (*lead, units) if keep else (rows, units)
    x_scale = float32(2.0 ** rng.uniform(-10, 2))
    scales = tuple(float32(2.0 ** rng.uniform(-12, -2)) for _ in range(units if rng.random() < 0.5 else 1))
    # The output's scale spreads typical sums over the range, or all saturates, or nothing is left: 2**-40 .. 2**20.
    spread_by = 2.0 ** rng.choice((0, 0, 0, 2, -3, -8, 14, 25, 34))
    y_scale = float32(max(x_scale * scales[0] * 40.0 * depth**0.5 * spread_by, x_scale * scales[0] * 2.0**-20))
    x = Tensor("x", x_shape, DType.INT8, quant(x_scale, draw_zero_point(rng)))
    w_quant = Quant(scales, (0,) * len(scales), 0 if len(scales) > 1 else None)
    w = Tensor("w", (units, depth), DType.INT8, w_quant, draw_int8(rng, (units, depth)))
    b = None
    if rng.random() < 0.75:
        span = rng.choice((1000, 1000, 100_000, 1 << 20))
        # TFLM refuses a per-tensor bias whose scale is not the product of the other two.
        bias_quant = replace(w_quant, scale=tuple(float32(x_scale * s) for s in scales))
        b = Tensor("b", (units,), DType.INT32, bias_quant, draw_int32(rng, units, span))
    y = Tensor("y", y_shape, DType.INT8, quant(y_scale, draw_zero_point(rng)))
    options = {
        "fused_activation_function": rng.choice((0, 0, 1, 2, 3)),
        "weights_format": 0,
        "keep_num_dims": keep,
        "asymmetric_quantize_inputs": False,
        "quantized_bias_type": 0,
    }
    inputs = (x, w, b) if b is not None or rng.random() < 0.5 else (x, w)
    return Case(name, "FULLY_CONNECTED", options, inputs, (y,))
