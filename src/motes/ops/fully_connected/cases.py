"""Generated test cases of FULLY_CONNECTED."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from motes.ir import Array, DType, Quant, Tensor, quant
from motes.ops.case import Case, draw_int8, draw_int32, draw_zero_point, float32

COUNT, LONG = 400, 40
WHOLE, LARGE = 60, 60
"""Cases of depths that unrolled loops divide; and of many weights."""
OTHERS = 50
"""Cases of each further form: int16, weights that are computed or have a zero point, float32."""


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
    for seed in range(WHOLE):
        rng = random.Random(f"fully connected whole {seed}")
        yield _whole(rng, _case(rng, f"fully_connected_whole_{seed}", 128 * rng.choice((1, 1, 2)), rng.randint(5, 24)))
    for seed in range(LARGE):
        rng = random.Random(f"fully connected large {seed}")
        yield _case(rng, f"fully_connected_large_{seed}", rng.randint(40, 200), rng.randint(26, 40))
    for seed in range(OTHERS):
        rng = random.Random(f"fully connected four bits {seed}")
        yield _four_bits(rng, _case(rng, f"fully_connected_nibbles_{seed}", rng.randint(20, 200), rng.randint(1, 30)))
        for form in (_int16, _computed, _floats):
            rng = random.Random(f"fully connected {form.__name__} {seed}")
            case = _case(rng, f"fully_connected{form.__name__}_{seed}", rng.randint(1, 40), rng.randint(1, 9))
            yield form(rng, case)
        yield from _biased(seed)


def _whole(rng: random.Random, case: Case) -> Case:
    """The case with one scale, sums that are small beside 2**23, and outputs on both sides of zero or on one."""
    x, w, b = (*case.inputs, None)[:3]
    (y,) = case.outputs
    assert x is not None and w is not None and w.quant is not None
    w = replace(w, quant=quant(w.quant.scale[0], 0))
    scale = x.scale * w.scale * 40.0 * w.shape[1] ** 0.5 * 2.0 ** rng.choice((-1, 0, 0, 1))
    y = replace(y, quant=quant(float32(scale), rng.choice((-128, -128, draw_zero_point(rng)))))
    return replace(case, inputs=(x, w) if b is None else (x, w, b), outputs=(y,))


def _biased(seed: int) -> Iterator[Case]:
    """Cases of each type whose bias is computed."""
    for form in (None, _int16, _computed, _floats):
        name = f"fully_connected_biased{form.__name__ if form else ''}_{seed}"
        rng = random.Random(name)
        case = _case(rng, name, rng.randint(1, 30), rng.randint(1, 7))
        case = form(rng, case) if form else case
        b = case.inputs[2] if len(case.inputs) > 2 else None
        if b is not None:
            # No sum overflows, in 32 bits or in the 48 that TFLM rescales.
            limit = {DType.INT32: 1 << 30, DType.INT64: 1 << 38}.get(b.dtype)
            bias = replace(b, data=None)
            ranges = case.ranges if limit is None else {**case.ranges, bias: (-limit, limit)}
            yield replace(case, inputs=(*case.inputs[:2], bias), ranges=ranges)


def _four_bits(rng: random.Random, case: Case) -> Case:
    """The case with weights of four bits, for which TFLM knows one scale only."""
    x, w, b = (*case.inputs, None)[:3]
    assert x is not None and w is not None and w.quant is not None and w.data is not None
    scale = w.quant.scale[:1]
    w = replace(w, bits=4, data=w.data >> 4, quant=quant(scale[0], 0))
    if b is not None:
        b = replace(b, quant=quant(float32(x.scale * scale[0]), 0))
    return replace(case, inputs=(x, w) if b is None else (x, w, b))


def _int16(rng: random.Random, case: Case) -> Case:
    """The case with int16 activations, and sums of 64 or 32 bits."""
    x, w, b = (*case.inputs, None)[:3]
    (y,) = case.outputs
    assert x is not None and w is not None and x.quant is not None and w.quant is not None
    # Zero points are mostly 0, as converters write them; the sums are 256 times as large.
    zero = rng.choice((0, 0, 0, 1000, -32768))
    x = replace(x, dtype=DType.INT16, quant=replace(x.quant, zero_point=(zero,)))
    scale = float32(max(y.scale * 2.0 ** rng.choice((0, 4, 8, 12)), x.scale * w.quant.scale[0] * 2.0**-12))
    y = replace(y, dtype=DType.INT16, quant=quant(scale, rng.choice((0, 0, 0, -1000, 32767))))
    if b is not None and rng.random() < 0.7:
        assert b.data is not None
        wide = b.data.astype(np.int64) * rng.choice((1, 1000, 1 << 20))
        b = replace(b, dtype=DType.INT64, data=wide)
    if rng.random() < 0.3:
        return _with_weights(rng, replace(case, outputs=(y,)), x, w, b)
    return replace(case, inputs=(x, w) if b is None else (x, w, b), outputs=(y,))


def _computed(rng: random.Random, case: Case) -> Case:
    """The case with weights that are an input, or have a zero point, or both."""
    x, w, b = (*case.inputs, None)[:3]
    assert x is not None and w is not None
    return _with_weights(rng, case, x, w, b)


def _with_weights(rng: random.Random, case: Case, x: Tensor, w: Tensor, b: Tensor | None) -> Case:
    assert w.quant is not None
    data = None if rng.random() < 0.7 else w.data
    zero = draw_zero_point(rng) if w.quant.per_tensor else 0
    w = replace(w, data=data, quant=replace(w.quant, zero_point=(zero,) * len(w.quant.scale)))
    return replace(case, inputs=(x, w) if b is None else (x, w, b))


def _floats(rng: random.Random, case: Case) -> Case:
    """The case in float32, its weights constant or computed."""
    x, w, b = (*case.inputs, None)[:3]
    assert x is not None and w is not None
    x, y = (replace(t, dtype=DType.FLOAT32, quant=None) for t in (x, case.outputs[0]))
    data = None if rng.random() < 0.2 else _draw_floats(rng, w.shape)
    w = replace(w, dtype=DType.FLOAT32, quant=None, data=data)
    if b is not None:
        b = replace(b, dtype=DType.FLOAT32, quant=None, data=_draw_floats(rng, b.shape))
    return replace(case, inputs=(x, w) if b is None else (x, w, b), outputs=(y,))


def _draw_floats(rng: random.Random, shape: tuple[int, ...]) -> Array:
    values = np.random.default_rng(rng.getrandbits(64))
    return (values.standard_normal(shape) * 10.0 ** values.integers(-3, 2, shape)).astype(np.float32)


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
