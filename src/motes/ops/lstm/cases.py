"""Generated test cases of UNIDIRECTIONAL_SEQUENCE_LSTM."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from motes.ir import Array, DType, Quant, Tensor, quant
from motes.ops.case import Case, draw_int8, draw_int32, draw_zero_point, float32

COUNT, LARGE = 90, 40
"""Cases of every type; and of int8 with more inputs and units."""


def cases() -> Iterator[Case]:
    """Each type in turn: short and long sequences, several at once, in either order, clipped and not."""
    for seed in range(COUNT):
        rng = random.Random(f"lstm {seed}")
        dtype = (DType.INT8, DType.INT16, DType.FLOAT32)[seed % 3]
        yield _case(rng, f"lstm_{dtype.value}_{seed}", dtype)
    for seed in range(LARGE):
        rng = random.Random(f"lstm large {seed}")
        sizes = rng.choice((5, 20, 28, 33, 40)), rng.choice((4, 7, 16, 20))
        yield _case(rng, f"lstm_large_{seed}", DType.INT8, sizes)


def _case(rng: random.Random, name: str, dtype: DType, sizes: tuple[int, int] | None = None) -> Case:
    batch, steps = rng.choice((1, 1, 2, 3)), rng.choice((1, 1, 2, 5))
    inputs, units = sizes or (rng.choice((1, 3, 8, 13)), rng.choice((1, 2, 5, 9)))
    time_major = rng.random() < 0.4
    first, second = (steps, batch) if time_major else (batch, steps)
    floats = dtype is DType.FLOAT32
    x_quant = _value_quant(rng, dtype, 2.0 ** rng.uniform(-8, -4))
    h_quant = _value_quant(rng, dtype, 2.0 ** rng.uniform(-8, -6.5))
    if dtype is DType.INT16:
        x_quant, h_quant = (q and quant(float32(q.scale[0] / 256), 0) for q in (x_quant, h_quant))
    x = Tensor("x", (first, second, inputs), dtype, x_quant)
    y = Tensor("y", (first, second, units), dtype, h_quant)
    hidden = Tensor("hidden", (batch, units), dtype, h_quant)
    cell_quant = None if floats else quant(2.0 ** rng.choice((-11, -12, -10, -13, -15, -8)), 0)
    cell = Tensor("cell", (batch, units), DType.FLOAT32 if floats else DType.INT16, cell_quant)
    weights = [_weights(rng, f"w{g}", (units, inputs), dtype) for g in range(4)]
    weights += [_weights(rng, f"r{g}", (units, units), dtype) for g in range(4)]
    biases = [_bias(rng, f"b{g}", units, dtype) for g in range(4)]
    options = {
        "fused_activation_function": 4,
        "cell_clip": rng.choice((0.0, 0.0, 10.0, 0.5)),
        "proj_clip": 0.0,
        "time_major": time_major,
        "asymmetric_quantize_inputs": False,
        "diagonal_recurrent_tensors": False,
    }
    absent = (None,)
    given = (x, *weights, *absent * 3, *biases, *absent * 2, hidden, cell, *absent * 4)
    return Case(name, "UNIDIRECTIONAL_SEQUENCE_LSTM", options, given, (y,), states=(hidden, cell))


def _value_quant(rng: random.Random, dtype: DType, scale: float) -> Quant | None:
    if dtype is DType.FLOAT32:
        return None
    return quant(float32(scale), draw_zero_point(rng) if dtype is DType.INT8 else 0)


def _weights(rng: random.Random, name: str, shape: tuple[int, int], dtype: DType) -> Tensor:
    if dtype is DType.FLOAT32:
        return Tensor(name, shape, dtype, None, _floats(rng, shape))
    scale = float32(2.0 ** rng.uniform(-10, -5))
    return Tensor(name, shape, DType.INT8, quant(scale, 0), draw_int8(rng, shape))


def _bias(rng: random.Random, name: str, units: int, dtype: DType) -> Tensor:
    if dtype is DType.FLOAT32:
        return Tensor(name, (units,), dtype, None, _floats(rng, (units,)))
    data = draw_int32(rng, units, rng.choice((100, 10_000, 1 << 20)))
    wide = dtype is DType.INT16
    return Tensor(name, (units,), DType.INT64 if wide else DType.INT32, None, data.astype(np.int64) if wide else data)


def _floats(rng: random.Random, shape: tuple[int, ...]) -> Array:
    values = np.random.default_rng(rng.getrandbits(64))
    return (values.standard_normal(shape) * 0.6).astype(np.float32)
