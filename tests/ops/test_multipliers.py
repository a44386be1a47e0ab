"""Scales multiply in double precision: sums at which single precision would give another output.

Random cases hardly ever meet such a sum: the two multipliers differ by about one part in 2**25.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from motes.build import host
from motes.ir import Array, DType, Quant, Tensor, quant
from motes.ops.case import float32
from motes.quant import quantize_multiplier, requantize
from motes.tflite import load
from tflite_writer import Operator, write_model
from tflm import run_tflm

INPUTS = 4


def telling() -> Iterator[tuple[float, float, float, Array]]:
    """Scales of input, weights and output, and the sums whose outputs tell the two products of scales apart."""
    rng = random.Random(5)
    for _ in range(20):
        x, w = float32(2 ** rng.uniform(-6, -2)), float32(2 ** rng.uniform(-10, -6))
        y = float32(x * w * 2 ** rng.uniform(17, 22))
        halves = np.rint((np.arange(-119, 119) + 0.5) * y / (x * w)).astype(np.int64)
        sums = np.unique(halves[:, np.newaxis] + np.arange(-3, 4))
        double = quantize_multiplier(x * w / y)
        single = quantize_multiplier(float(np.float32(x) * np.float32(w)) / y)
        sums = sums[requantize(sums, *double) != requantize(sums, *single)][:40]
        if sums.size:
            yield x, w, y, sums


def model(builtin: str, x_scale: float, w_scale: float, y_scale: float, sums: Array) -> bytes:
    """One operator whose output i is the rescaled bias `sums[i]`, for an input of zeros."""
    count = len(sums)
    x_shape, w_shape, y_shape = {
        "FULLY_CONNECTED": ((1, INPUTS), (count, INPUTS), (1, count)),
        "CONV_2D": ((1, 1, 1, INPUTS), (count, 1, 1, INPUTS), (1, 1, 1, count)),
        "DEPTHWISE_CONV_2D": ((1, 1, 1, count), (1, 1, 1, count), (1, 1, 1, count)),
    }[builtin]
    x, y = Tensor("x", x_shape, DType.INT8, quant(x_scale, 0)), Tensor("y", y_shape, DType.INT8, quant(y_scale, 0))
    w = Tensor("w", w_shape, DType.INT8, Quant((w_scale,), (0,), None), np.ones(w_shape, np.int8))
    bias = Tensor("b", (count,), DType.INT32, quant(float32(x_scale * w_scale), 0), sums.astype(np.int32))
    steps = {"stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
    more = {"FULLY_CONNECTED": {}, "CONV_2D": steps, "DEPTHWISE_CONV_2D": {**steps, "depth_multiplier": 1}}
    return write_model([Operator(builtin, (x, w, bias), (y,), more[builtin])], [x], [y])


@pytest.mark.parametrize("builtin", ["FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D"])
def test_scales_multiply_in_double_precision(builtin: str) -> None:
    models = [model(builtin, *case) for case in telling()]
    assert len(models) > 10
    for compiled, data in zip(host.load([load(m, f"m{i}") for i, m in enumerate(models)]), models, strict=True):
        (x,) = (np.zeros(t.shape, np.int8) for t in compiled.graph.inputs)
        (expected,) = run_tflm(data, [(x,)])
        assert np.array_equal(compiled(x)[0], expected[0])
