"""Fixed-point arithmetic: Python against C, and both against formulas over unbounded integers."""

from __future__ import annotations

import ctypes
import random
from fractions import Fraction

import numpy as np
import pytest

from motes.build import cache, toolchain
from motes.build.compile import write_sources
from motes.emit.text import COMMON
from motes.quant import (
    activation_range,
    high_mul,
    quantize_multiplier,
    requantize,
    requantize_s64,
    round_shift,
)

LIMITS = (-(2**31), 2**31 - 1)
EDGES = (*LIMITS, -(2**31) + 1, 2**31 - 2, -(2**30), 2**30, -(2**30) - 1, -3, -2, -1, 0, 1, 2, 3, 127, -128)


def wrapped(x: int) -> int:
    """x modulo 2**32, in the range of an int32."""
    return (x + 2**31) % 2**32 - 2**31


def halves_up(x: Fraction) -> int:
    return (x + Fraction(1, 2)).__floor__()


def halves_away(x: Fraction) -> int:
    return halves_up(x) if x >= 0 else -halves_up(-x)


def exact(x: int, multiplier: int, shift: int) -> int:
    """TFLM's rule in exact fractions: a wrapping left shift, a rounded product, a rounded right shift."""
    product = halves_up(Fraction(wrapped(x << max(shift, 0)) * multiplier, 2**31))
    return halves_away(Fraction(product, 2 ** max(-shift, 0)))


def samples(count: int) -> list[tuple[int, int, int]]:
    """(x, multiplier, shift): all edges against all shifts, then anything."""
    rng = random.Random(1)
    edges = [(x, m, s) for x in EDGES for m in (0, 2**30, 2**31 - 1, 1518500250) for s in range(-31, 32)]
    drawn = [
        (rng.randint(*LIMITS) >> rng.choice((0, 0, 8, 16)), rng.randint(2**30, 2**31 - 1), rng.randint(-31, 31))
        for _ in range(count)
    ]
    # Products that end on a half, where the two roundings differ.
    halves = [(rng.randint(-(2**20), 2**20), 2**30, -rng.randint(0, 12)) for _ in range(count // 2)]
    return edges + drawn + halves


def test_requantize_equals_exact_fractions() -> None:
    rows = samples(4000)
    x, multiplier, shift = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    got = requantize(x, multiplier, shift)
    assert got.tolist() == [exact(*row) for row in rows]


def test_requantize_in_c_equals_python() -> None:
    source = """
        #include "requantize.h"
        void all(const int32_t *x, const int32_t *m, const int32_t *s, int32_t *y, int32_t n) {
            for (int32_t i = 0; i < n; i++)
                y[i] = motes_requantize(x[i], m[i], s[i]);
        }
        void parts(const int32_t *x, const int32_t *m, const int32_t *s, int32_t *y, int32_t *z, int32_t n) {
            for (int32_t i = 0; i < n; i++) {
                y[i] = motes_high_mul(x[i], m[i]);
                z[i] = motes_round_shift(x[i], s[i]);
            }
        }
        int32_t add(int32_t a, int32_t b) { return motes_add(a, b); }
    """
    library = compiled(source)
    rows = samples(20_000)
    x, multiplier, shift = (np.array(column, np.int32) for column in zip(*rows, strict=True))
    y, z = np.empty_like(x), np.empty_like(x)
    library.all(*map(pointer, (x, multiplier, shift, y)), len(x))
    assert np.array_equal(y, requantize(x, multiplier, shift))
    right = np.abs(shift)
    library.parts(*map(pointer, (x, multiplier, right, y, z)), len(x))
    assert np.array_equal(y, high_mul(x, multiplier))
    assert np.array_equal(z, round_shift(x, right))
    assert library.add(2**31 - 1, 5) == wrapped(2**31 + 4)


def test_a_multiplier_is_the_nearest_with_31_bits() -> None:
    rng = random.Random(2)
    for real in [rng.uniform(0.5, 1) * 2.0 ** rng.randint(-31, 30) for _ in range(3000)]:
        multiplier, shift = quantize_multiplier(real)
        assert 2**30 <= multiplier < 2**31
        assert -31 <= shift <= 31
        assert abs(Fraction(multiplier) * Fraction(2) ** (shift - 31) - Fraction(real)) <= Fraction(2) ** (shift - 32)


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (0.0, (0, 0)),
        (1.0, (2**30, 1)),
        (0.5, (2**30, 0)),
        (1 - 2.0**-33, (2**30, 1)),  # rounds up to the next power of two
        (2.0**-32, (2**30, -31)),  # the smallest
        (2.0**-32 * (1 - 2.0**-20), (0, 0)),  # flushed, as TFLM does
        (1e-9, (1152921505, -29)),
        (2.0**31 - 1, (2**31 - 1, 31)),  # the largest
    ],
)
def test_multipliers_at_the_ends(real: float, expected: tuple[int, int]) -> None:
    assert quantize_multiplier(real) == expected


@pytest.mark.parametrize("real", [-1e-9, float("nan"), float("inf"), 2.0**31, 2.0**31 - 2.0**-3])
def test_multipliers_that_cannot_be(real: float) -> None:
    with pytest.raises(ValueError, match="multiplier"):
        quantize_multiplier(real)


@pytest.mark.parametrize(
    ("activation", "scale", "zero_point", "expected"),
    [
        ("NONE", 0.1, 5, (-128, 127)),
        ("RELU", 0.1, 5, (5, 127)),
        ("RELU", 0.1, -128, (-128, 127)),
        ("RELU6", 0.1, -128, (-128, -68)),
        ("RELU6", 1.0, 127, (127, 127)),
        ("RELU_N1_TO_1", 0.1, 0, (-10, 10)),
        ("RELU_N1_TO_1", 0.4, 0, (-3, 3)),  # 2.5 in single precision: away from zero
        ("RELU_N1_TO_1", 0.001, 0, (-128, 127)),
    ],
)
def test_ranges_of_fused_activations(activation: str, scale: float, zero_point: int, expected: tuple[int, int]) -> None:
    assert activation_range(activation, scale, zero_point, -128, 127) == expected


def test_a_limit_beyond_int32_is_refused() -> None:
    with pytest.raises(ValueError, match="RELU6 with a scale of 1e-10 has a limit beyond int32"):
        activation_range("RELU6", 1e-10, 0, -128, 127)


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def compiled(source: str) -> ctypes.CDLL:
    """A shared library of one file that may include the common headers."""
    headers = {name: (COMMON / name).read_text("utf-8") for name in ("motes.h", "requantize.h")}
    compiler = toolchain.for_host()
    with cache.workshop() as where:
        write_sources({"test.c": source, **headers}, where)
        (where / "test.o").write_bytes(compiler.compile("test.c", where))
        compiler.link(["test.o"], "test.so", where)
        return ctypes.CDLL(str(where / "test.so"))


def exact_s64(x: int, multiplier: int, shift: int) -> int:
    """TFLM's rule for 64-bit sums: a multiplier of 16 bits, one rounding, halves up."""
    reduced = min((multiplier + 2**15) // 2**16, 2**15 - 1)
    return wrapped(halves_up(Fraction(x * reduced) * Fraction(2) ** (shift - 15)))


def test_requantize_of_64_bit_sums_equals_exact_fractions_and_c() -> None:
    rng = random.Random(2)
    rows = [
        (rng.randint(-(2**47), 2**47 - 1) >> rng.choice((0, 8, 16, 31)), m, rng.randint(-31, 14))
        for m in (0, 2**30, 2**31 - 1, 0x7FFF0000, 0x7FFEFFFF, *(rng.randint(2**30, 2**31 - 1) for _ in range(3000)))
    ]
    want = [exact_s64(*row) for row in rows]
    x, multiplier, shift = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    assert requantize_s64(x, multiplier, shift).tolist() == want
    library = compiled("""
        #include "requantize.h"
        void all(const int64_t *x, const int64_t *m, const int64_t *s, int64_t *y, int32_t n) {
            for (int32_t i = 0; i < n; i++)
                y[i] = motes_requantize_s64(x[i], (int32_t)m[i], (int32_t)s[i]);
        }
    """)
    y = np.empty_like(x)
    library.all(*map(pointer, (x, multiplier, shift, y)), len(x))
    assert y.tolist() == want
