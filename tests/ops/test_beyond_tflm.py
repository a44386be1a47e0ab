"""What operators give where TensorFlow Lite Micro stops the program, or leaves the result to the C compiler."""

from __future__ import annotations

import numpy as np

from motes.build import host
from motes.ir import Array, DType, Graph, Node, Tensor, quant
from nodes import node, tensor


def run(one: Node, x: Array) -> Array:
    (graph,) = host.load([Graph("one", (one.input(0),), one.outputs, (one,))], sanitize=True, optimise="-O0")
    return graph(x)[0]


def test_quantize_saturates_whatever_no_integer_holds() -> None:
    x = Tensor("x", (8,), DType.FLOAT32)
    values = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 3e38, -0.0, 1e-45], np.float32)
    for dtype, low, high in ((DType.INT8, -128, 127), (DType.INT16, -32768, 32767)):
        for zero_point in (low, 5, high):
            y = run(node("QUANTIZE", [x], tensor("y", 8, dtype=dtype, q=quant(0.5, zero_point))), values)
            assert y.tolist() == [zero_point, high, low, high, low, high, zero_point, zero_point]


def test_quantize_rounds_what_adding_a_half_would_round_wrong() -> None:
    just_below_half = np.nextafter(np.float32(0.5), np.float32(0))
    values = np.array([just_below_half, -just_below_half, 0.5, -0.5, 1.5, -1.5, 8388609.0, 126.5], np.float32)
    y = run(node("QUANTIZE", [Tensor("x", (8,), DType.FLOAT32)], tensor("y", 8, q=quant(1.0, 0))), values)
    assert y.tolist() == [0, 0, 1, -1, 2, -2, 127, 127]


def softmax(depth: int, scale: float) -> Node:
    x = tensor("x", 1, depth, q=quant(scale, 0))
    return node("SOFTMAX", [x], tensor("y", 1, depth, q=quant(1 / 256, -128)), beta=1.0)


def test_softmax_of_long_flat_rows_is_nothing_everywhere() -> None:
    # TFLM stops the program from a sum of 512 on; the true probability rounds to 0 / 256.
    for depth in (512, 600, 4095):
        assert set(run(softmax(depth, 0.5), np.full((1, depth), 7, np.int8)).ravel().tolist()) == {-128}


def test_softmax_of_a_long_steep_row_finds_the_largest() -> None:
    x = np.full((1, 4095), -128, np.int8)
    x[0, 1234] = 127
    y = run(softmax(4095, 1.0), x)
    assert y[0, 1234] == 127
    assert set(np.delete(y[0], 1234).tolist()) == {-128}
