"""Convolutions pad by themselves where that gives the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from motes.ir import DType, Tensor, quant
from prepared import HALF, constant, prepared, tensor, titles
from tflite_writer import Operator

RNG = np.random.default_rng(1)
CONV: dict[str, Any] = {
    "padding": "VALID",
    "stride_w": 2,
    "stride_h": 1,
    "dilation_w_factor": 1,
    "dilation_h_factor": 1,
    "fused_activation_function": 0,
}
FLOAT = DType.FLOAT32


def conv(
    sides: list[list[int]],
    dtype: DType = DType.INT8,
    value: Tensor | None = None,
    builtin: str = "CONV_2D",
    q: Any = HALF,
    inner: Any = HALF,
    also: bool = False,
    padding: str = "VALID",
) -> list[str]:
    """The operators left of a pad in front of a convolution of 3x2 over 5x6 pixels of 2 channels."""
    q, inner = (None, None) if dtype is FLOAT else (q, inner)
    x = tensor("x", 1, 5, 6, 2, dtype=dtype, q=q)
    shape = [1, *(n + sum(pair) for n, pair in zip((5, 6, 2), sides[1:], strict=True))]
    padded = tensor("padded", *shape, dtype=dtype, q=inner)
    outputs = shape[3] if builtin == "DEPTHWISE_CONV_2D" else 3
    filter_shape = (1, 3, 2, outputs) if builtin == "DEPTHWISE_CONV_2D" else (outputs, 3, 2, shape[3])
    if dtype is FLOAT:
        w = constant("w", RNG.normal(size=filter_shape), FLOAT)
        b = constant("b", RNG.normal(size=outputs), FLOAT)
    else:
        w = constant("w", RNG.integers(-127, 128, filter_shape), DType.INT8, quant(0.01, 0))
        b = constant("b", RNG.integers(-999, 999, outputs), DType.INT32, quant(0.005, 0))
    rows, columns = (shape[1] - 2, (shape[2] - 2) // 2 + 1)
    if padding == "SAME":
        rows, columns = shape[1], -(-shape[2] // 2)
    y = tensor("y", 1, rows, columns, outputs, dtype=dtype, q=q and quant(0.7, -5))
    options = {**CONV, "padding": padding} | ({"depth_multiplier": 1} if builtin == "DEPTHWISE_CONV_2D" else {})
    pads = constant("sides", sides)
    pad = Operator("PADV2", (x, pads, value), (padded,), {}) if value else Operator("PAD", (x, pads), (padded,), {})
    operators = [pad, Operator(builtin, (padded, w, b), (y,), options)]
    return titles(prepared(operators, [x], [padded, y] if also else [y]))


AROUND = [[0, 0], [1, 2], [0, 1], [0, 0]]


def test_pads_go_into_convolutions() -> None:
    assert conv(AROUND) == ["CONV_2D"]
    assert conv(AROUND, builtin="DEPTHWISE_CONV_2D") == ["DEPTHWISE_CONV_2D"]
    assert conv(AROUND, FLOAT) == ["CONV_2D"]
    assert conv(AROUND, FLOAT, builtin="DEPTHWISE_CONV_2D") == ["DEPTHWISE_CONV_2D"]


def test_they_add_to_the_padding_that_is_there() -> None:
    assert conv(AROUND, padding="SAME") == ["CONV_2D"]


def test_a_value_that_is_the_zero_point_goes_in() -> None:
    assert conv(AROUND, value=constant("value", [3], DType.INT8, quant(0.5, 3))) == ["CONV_2D"]
    assert conv(AROUND, FLOAT, value=constant("value", [0.0], FLOAT)) == ["CONV_2D"]


def test_another_value_stays() -> None:
    assert conv(AROUND, value=constant("value", [4], DType.INT8, quant(0.5, 3))) == ["PADV2", "CONV_2D"]
    assert conv(AROUND, FLOAT, value=constant("value", [-np.inf], FLOAT)) == ["PADV2", "CONV_2D"]


def test_pads_of_channels_and_of_another_scale_stay() -> None:
    assert conv([[0, 0], [1, 1], [0, 0], [0, 1]]) == ["PAD", "CONV_2D"]
    assert conv(AROUND, inner=quant(0.25, 3)) == ["PAD", "CONV_2D"]


def test_a_pad_that_is_an_output_stays() -> None:
    assert conv(AROUND, also=True) == ["PAD", "CONV_2D"]
