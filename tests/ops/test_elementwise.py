"""Elementwise operators: how axes are merged, and what TensorFlow Lite Micro leaves to the compiler or stops at."""

from __future__ import annotations

import ctypes
import itertools

import numpy as np
import pytest

from motes.build import host
from motes.emit.text import COMMON
from motes.ir import Array, DType, Graph, Quant, Tensor, quant
from motes.ops.broadcast import LOOPS, loops, merged_axes
from motes.quant import requantize
from nodes import node

INF, NAN = np.inf, np.nan
LARGEST = np.finfo(np.float32).max


@pytest.mark.parametrize(
    ("shapes", "merged"),
    [
        (((2, 3, 4), (2, 3, 4)), [(24, 24)]),
        (((2, 3, 4), (4,)), [(6, 1), (4, 4)]),
        (((2, 3, 4), ()), [(24, 1)]),
        (((1, 1), (1,)), [(1, 1)]),
        (((5, 1, 1, 3), (1, 2, 1, 3)), [(5, 1), (1, 2), (3, 3)]),
        (((2, 1, 3, 1, 5), (2, 7, 3, 1, 5)), [(2, 2), (1, 7), (15, 15)]),
        (((3, 1), (1, 4), (3, 4)), [(3, 1, 3), (1, 4, 4)]),
    ],
)
def test_axes_that_broadcast_alike_become_one(
    shapes: tuple[tuple[int, ...], ...], merged: list[tuple[int, ...]]
) -> None:
    assert merged_axes(*shapes) == merged


def test_loops_visit_what_numpy_broadcasts() -> None:
    shapes = ((2, 1, 3, 1, 2, 1), (3, 1, 2, 2), (1, 2, 1, 2, 1, 1))
    table = loops(*shapes).reshape(LOOPS, 4)
    for i, shape in enumerate(shapes, 1):
        elements = np.arange(np.prod(shape)).reshape(shape)
        visited = [
            sum(index * step for index, step in zip(at, table[:, i], strict=True))
            for at in itertools.product(*map(range, table[:, 0]))
        ]
        assert visited == np.broadcast_to(elements, (2, 2, 3, 2, 2, 2)).ravel().tolist()


def run(builtin: str, a: Array, b: Array, q: Quant | None = None, out: DType | None = None) -> list[float]:
    """The operator's output, from the kernel; `q` for the inputs and, unless it is `out`, the output."""
    x, y = (Tensor(name, v.shape, DType(v.dtype.name), q) for name, v in (("a", a), ("b", b)))
    made = Tensor("y", np.broadcast_shapes(a.shape, b.shape), out or x.dtype, None if out else q)
    one = node(builtin, [x, y], made)
    (graph,) = host.load([Graph("one", (x, y), (made,), (one,))], sanitize=True, optimise="-O0")
    return list(graph(a, b)[0].tolist())


def floats(*values: float) -> Array:
    return np.array(values, np.float32)


def test_infinite_floats_become_the_largest() -> None:
    assert run("ADD", floats(INF, -INF, 3e38), floats(1, 1, 3e38)) == [LARGEST, -LARGEST, LARGEST]
    assert run("DIV", floats(1, -1, 0), floats(0, 0, -INF)) == [LARGEST, -LARGEST, 0]
    assert np.isnan(run("MUL", floats(INF, NAN, 0), floats(0, 1, NAN))).all()


def test_what_is_no_number_is_neither_larger_nor_smaller() -> None:
    a, b = floats(1, NAN, 2), floats(NAN, 1, 3)
    for builtin in ("MAXIMUM", "MINIMUM"):
        assert np.array_equal(run(builtin, a, b)[:2], [NAN, 1], equal_nan=True)
    related = {"EQUAL": 0, "NOT_EQUAL": 1, "LESS": 0, "LESS_EQUAL": 0, "GREATER": 0, "GREATER_EQUAL": 0}
    for builtin, expected in related.items():
        assert run(builtin, a[:2], b[:2], out=DType.BOOL) == [expected] * 2


def test_integers_over_0_are_0_and_the_quotient_that_does_not_fit_wraps() -> None:
    a, b = np.array([7, -7, 0, -(2**31)], np.int32), np.array([0, 0, 0, -1], np.int32)
    for builtin, last in (("DIV", -(2**31)), ("FLOOR_DIV", -(2**31)), ("FLOOR_MOD", 0)):
        assert run(builtin, a, b) == [0, 0, 0, last]
    assert run("FLOOR_MOD", a.astype(np.int64), b.astype(np.int64)) == [0, 0, 0, 0]


def test_a_quantized_quotient_over_0_is_0() -> None:
    assert run("DIV", np.array([5, -128, 127, 3], np.int8), np.full(4, 3, np.int8), quant(0.5, 3)) == [3] * 4


def test_floats_over_0_are_infinite_and_leave_no_number() -> None:
    assert run("FLOOR_DIV", floats(1, -1), floats(0, 0)) == [INF, -INF]
    assert np.isnan(run("FLOOR_MOD", floats(1, INF), floats(0, 2))).all()


def test_integers_to_a_negative_power_are_0() -> None:
    assert run("POW", np.array([2, 1, -1, 0], np.int32), np.array([-1, -2, -3, -1], np.int32)) == [0] * 4


def test_int8_of_scales_from_1_on_is_compared_where_tflm_stops() -> None:
    a, b = np.array([-128, 0, 1, 5, 127], np.int8), np.array([127, 0, 2, 4, -128], np.int8)
    for scale in (1.0, 1.5, 100.0):
        assert run("LESS", a, b, quant(scale, -7), DType.BOOL) == [True, False, True, False, False]


def test_a_floor_is_that_of_a_quotient_rounded_to_double_precision() -> None:
    # Quotients beside the middle between two floats, where one rounding more or less shows.
    rng = np.random.default_rng(1)
    b = rng.integers(1, 1 << 24, 3000) * np.where(rng.random(3000) < 0.5, 1.0, -1.0)
    middle = (rng.integers(1 << 23, 1 << 24, 3000) * 2 + 1) * 2.0 ** rng.integers(-1, 29, 3000)
    a, b = (middle * b + rng.integers(-2, 3, 3000)).astype(np.float32), b.astype(np.float32)
    expected = np.floor(a.astype(np.float64) / b.astype(np.float64)).astype(np.float32)
    assert run("FLOOR_DIV", a, b) == expected.tolist()


def test_requantizing_by_a_known_shift_is_the_same() -> None:
    source = """
        #include "requantize.h"
        void all(const int32_t *x, const int32_t *m, const int32_t *s, int32_t *y, int32_t n) {
            for (int32_t i = 0; i < n; i++)
                y[i] = motes_requantize_known(x[i], m[i], s[i]);
        }
    """
    library = host.library({"all.c": source, "requantize.h": (COMMON / "requantize.h").read_text("utf-8")})
    rng = np.random.default_rng(2)
    edges = np.array([-(2**31), -(2**31) + 1, -(2**30), -3, -2, -1, 0, 1, 2, 3, 2**30, 2**31 - 1], np.int32)
    factors = np.array([0, 2**30, 2**30 + 1, 1518500250, 2**31 - 1], np.int32)
    grid = [column.ravel() for column in np.meshgrid(edges, factors, np.arange(-31, 32, dtype=np.int32))]
    drawn = [
        rng.integers(-(2**31), 2**31, 50_000) >> rng.choice((0, 8, 16), 50_000),
        rng.integers(2**30, 2**31, 50_000),
    ]
    # With 2**30, products that end on a half, where the roundings differ.
    drawn = [drawn[0], np.where(rng.random(50_000) < 0.3, 2**30, drawn[1]), rng.integers(-31, 32, 50_000)]
    x, factor, shift = (np.concatenate(pair).astype(np.int32) for pair in zip(grid, drawn, strict=True))
    y = np.empty_like(x)
    library.all(*(ctypes.c_void_p(column.ctypes.data) for column in (x, factor, shift, y)), len(x))
    assert np.array_equal(y, requantize(x, factor, shift))
