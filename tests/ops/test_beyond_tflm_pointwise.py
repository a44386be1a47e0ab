"""Functions of one element where TensorFlow Lite Micro stops, or leaves the result to the C compiler, and where floats
cancel: there a bound in the last place says nothing, and an absolute one holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

from motes.build import host
from motes.ir import Array, DType, Graph, Node, Quant, Tensor, quant
from nodes import node, tensor

NAN, INF = float("nan"), float("inf")


def run(
    builtin: str, x: Array, y: DType, x_quant: Quant | None = None, y_quant: Quant | None = None, **options: Any
) -> Array:
    source = Tensor("x", x.shape, DType(x.dtype.name), x_quant)
    made: Node = node(builtin, [source], tensor("y", *x.shape, dtype=y, q=y_quant), **options)
    (graph,) = host.load([Graph("one", (source,), made.outputs, (made,))], sanitize=True, optimise="-O0")
    return graph(x)[0]


def test_casts_of_floats_that_no_integer_holds_saturate() -> None:
    x = np.array([NAN, INF, -INF, 3e9, -3e9, 1e30, -1e30, -1.9, 1.9], np.float32)
    low, high = -(1 << 31), (1 << 31) - 1
    assert run("CAST", x, DType.INT32).tolist() == [0, high, low, high, low, high, low, -1, 1]
    assert run("CAST", x, DType.INT8).tolist() == [0, -1, 0, -1, 0, -1, 0, -1, 1]
    wide = run("CAST", x, DType.INT64).tolist()
    assert wide[:5] == [0, (1 << 63) - 1, -(1 << 63), 3_000_000_000, -3_000_000_000]
    assert run("CAST", x, DType.UINT32).tolist()[3:5] == [3_000_000_000, (1 << 32) - 3_000_000_000]
    assert run("CAST", x, DType.BOOL).tolist() == [True] * 9


def test_every_number_of_half_precision() -> None:
    x = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    y = run("DEQUANTIZE", x, DType.FLOAT32)
    assert np.array_equal(y, x.astype(np.float32), equal_nan=True)
    assert np.array_equal(np.signbit(y), np.signbit(x))


@pytest.mark.parametrize("dtype", [np.int8, np.int16])
def test_roots_of_what_is_below_zero(dtype: type) -> None:
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    x, kind = np.array([low, -1, 0], dtype), DType(np.dtype(dtype).name)
    assert run("SQRT", x, kind, quant(1.0, 0), quant(1.0, 0)).tolist() == [0, 0, 0]
    assert run("RSQRT", x, kind, quant(1.0, 0), quant(1.0, 0)).tolist() == [high] * 3


def test_exponentials_beyond_every_scale() -> None:
    x = np.array([-128, 0, 100, 127], np.int8)
    assert run("EXP", x, DType.INT8, quant(10.0, 0), quant(1.0, 0)).tolist() == [0, 1, 127, 127]
    assert run("ELU", x, DType.INT8, quant(1e30, 0), quant(1e-30, 0)).tolist() == [-128, 0, 127, 127]


def test_sigmoids_of_steps_beyond_all_bits() -> None:
    x = np.array([-2, -1, 0, 1, 2], np.int8)
    # From a scale of 16 on TFLM takes 0 itself to be too low.
    assert run("LOGISTIC", x, DType.INT8, quant(20.0, 0), quant(1 / 256, -128)).tolist() == [-128, -128, -128, 127, 127]
    x = np.array([-32768, -1, 0, 1, 32767], np.int16)
    y = run("TANH", x, DType.INT16, quant(1e20, 0), quant(1 / 32768, 0))
    assert y.tolist() == [-32767, -32767, 0, 32767, 32767]


def test_gelu_where_it_cancels() -> None:
    x = np.linspace(-12, 12, 4001, dtype=np.float32)
    true = x * special.ndtr(x.astype(np.float64))
    assert np.abs(run("GELU", x, DType.FLOAT32, approximate=False) - true).max() < 1e-6
    inner = np.sqrt(2 / np.pi) * (x + 0.044715 * x.astype(np.float64) ** 3)
    true = 0.5 * x * (1 + np.tanh(inner))
    assert np.abs(run("GELU", x, DType.FLOAT32, approximate=True) - true).max() < 2e-6


def test_gelu_of_what_is_no_number() -> None:
    x = np.array([NAN, INF, -100.0, 0.0], np.float32)
    for approximate in (False, True):
        y = run("GELU", x, DType.FLOAT32, approximate=approximate)
        assert np.array_equal(y, np.array([NAN, INF, 0.0, 0.0], np.float32), equal_nan=True)


def test_log_softmax_of_one_score_far_above_all_others() -> None:
    x = np.array([[0.0, 10.0, -3.0], [80.0, -80.0, 0.0], [1e-3, 12.0, 3.0]], np.float32)
    y = run("LOG_SOFTMAX", x, DType.FLOAT32)
    assert np.abs(y - special.log_softmax(x.astype(np.float64), axis=1)).max() < 1e-5
    assert (y <= 0).all()


def test_softmaxes_of_infinities() -> None:
    x = np.array([[-INF, 0.0, 0.0], [3e38, -3e38, 0.0]], np.float32)
    assert run("SOFTMAX", x, DType.FLOAT32, beta=1.0).tolist() == [[0.0, 0.5, 0.5], [1.0, 0.0, 0.0]]


def test_vectors_without_length() -> None:
    assert run("L2_NORMALIZATION", np.zeros((2, 3), np.float32), DType.FLOAT32).tolist() == [[0.0] * 3] * 2
    x = np.full((2, 3), 5, np.int8)
    assert run("L2_NORMALIZATION", x, DType.INT8, quant(1.0, 5), quant(1 / 128, 0)).tolist() == [[0] * 3] * 2


def test_the_sign_of_zeros_and_of_what_is_no_number() -> None:
    y = run("SIGN", np.array([-0.0, 0.0, NAN, -INF, 1e-45], np.float32), DType.FLOAT32)
    assert np.array_equal(y, np.array([0.0, 0.0, NAN, -1.0, 1.0], np.float32), equal_nan=True)
    assert not np.signbit(y[:2]).any()
