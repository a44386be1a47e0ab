"""Generated test cases of SVDF."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from motes.ir import Array, DType, Tensor, quant
from motes.ops.case import Case, draw_int8, draw_int32, draw_zero_point, float32

COUNT = 90


def cases() -> Iterator[Case]:
    """int8 with a memory of int8 or int16, and float32: few and many filters, ranks, batches, short memories."""
    for seed in range(COUNT):
        rng = random.Random(f"svdf {seed}")
        if seed % 3 == 2:
            yield _float_case(rng, f"svdf_f32_{seed}")
        else:
            yield _case(rng, f"svdf_{seed}", (DType.INT8, DType.INT16)[seed % 3])


def _sizes(rng: random.Random) -> tuple[int, int, int, int, int]:
    """Batch, inputs, units, rank and memory."""
    return (
        rng.choice((1, 1, 1, 2, 3)),
        rng.choice((1, 3, 8, 17, 24)),
        rng.choice((1, 2, 5, 8)),
        rng.choice((1, 1, 2, 3)),
        rng.choice((1, 2, 3, 8, 12)),
    )


def _case(rng: random.Random, name: str, dtype: DType) -> Case:
    batch, inputs, units, rank, memory = _sizes(rng)
    filters = units * rank
    scales = [float32(2.0 ** rng.uniform(-9, -1)) for _ in range(3)]
    x = Tensor("x", (batch, inputs), DType.INT8, quant(scales[0], draw_zero_point(rng)))
    feature = Tensor("feature", (filters, inputs), DType.INT8, quant(scales[1], 0), draw_int8(rng, (filters, inputs)))
    time_data = draw_int8(rng, (filters, memory)).astype(dtype.numpy)
    if dtype is DType.INT16:
        time_data = (time_data * np.int16(rng.choice((1, 16, 256)))).astype(np.int16)
    time = Tensor("time", (filters, memory), dtype, quant(scales[2], 0), time_data)
    # From memories that saturate to such that hardly move.
    full = 120.0 if dtype is DType.INT8 else 30_000.0
    sizes = scales[0] * scales[1] * 5000.0 * inputs**0.5
    state_scale = float32(sizes / full * 2.0 ** rng.choice((0, 0, 1, -3, 6)))
    zero = draw_zero_point(rng) if dtype is DType.INT8 and rng.random() < 0.5 else 0
    state = Tensor("state", (batch, filters * memory), dtype, quant(state_scale, zero))
    sums = state_scale * scales[2] * full * 60.0 * (filters * memory / units) ** 0.5
    y_scale = float32(sums / 100.0 * 2.0 ** rng.choice((0, 0, 0, 2, -4)))
    y = Tensor("y", (batch, units), DType.INT8, quant(y_scale, draw_zero_point(rng)))
    # TFLM refuses a bias whose scale is not nearly the product of memory and time.
    bias_quant = quant(float32(float(np.float32(state_scale) * np.float32(scales[2]))), 0)
    bias = Tensor("bias", (units,), DType.INT32, bias_quant, draw_int32(rng, units, rng.choice((100, 10_000, 1 << 20))))
    options = {
        "rank": rank,
        "fused_activation_function": rng.choice((0, 0, 1, 3)),
        "asymmetric_quantize_inputs": False,
    }
    return Case(name, "SVDF", options, (x, feature, time, bias, state), (y,), states=(state,))


def _float_case(rng: random.Random, name: str) -> Case:
    batch, inputs, units, rank, memory = _sizes(rng)
    filters = units * rank

    def constant(called: str, *shape: int) -> Tensor:
        return Tensor(called, shape, DType.FLOAT32, None, _floats(rng, shape))

    x = Tensor("x", (batch, inputs), DType.FLOAT32)
    state = Tensor("state", (batch, filters * memory), DType.FLOAT32)
    y = Tensor("y", (batch, units), DType.FLOAT32)
    options = {
        "rank": rank,
        "fused_activation_function": rng.choice((0, 0, 1, 2, 3)),
        "asymmetric_quantize_inputs": True,
    }
    weights = (constant("feature", filters, inputs), constant("time", filters, memory), constant("bias", units))
    return Case(name, "SVDF", options, (x, *weights, state), (y,), states=(state,))


def _floats(rng: random.Random, shape: tuple[int, ...]) -> Array:
    values = np.random.default_rng(rng.getrandbits(64))
    return (values.standard_normal(shape) * 10.0 ** values.integers(-2, 2, shape)).astype(np.float32)
