"""gemmlowp's functions in fixed point over arrays, exactly as TensorFlow Lite Micro computes them.

Tables are made with them, so that the chip need not. Qm.n is an int32 of m integer and n fractional bits, kept in
int64; exp(0) and other ones in Q0.31 are 2**31 - 1. Source: gemmlowp's `fixedpoint.h`.
"""

from __future__ import annotations

import numpy as np

from motes.ir import Array
from motes.quant import high_mul, round_shift

ONE = (1 << 31) - 1
"""1 in Q0.31, saturated."""

_EXP_MINUS_EIGHTH = 1895147668  # exp(-1/8) in Q0.31
_THIRD = 715827883  # 1/3 in Q0.31
# exp(-2**k) in Q0.31 for k = -2 .. 4
_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
_48_17, _MINUS_32_17 = 1515870810, -1010580540  # in Q2.29


def exp(x: Array, integer_bits: int) -> Array:
    """exp of values <= 0 (above -2**31) in Q`integer_bits`, in Q0.31.

    A Taylor polynomial on [-1/4, 0), then one factor for each bit above.
    """
    fractional_bits = 31 - integer_bits
    quarter = 1 << (fractional_bits - 2)
    below = (x & (quarter - 1)) - quarter  # in [-1/4, 0)
    result = _exp_of_quarter(below << integer_bits)
    rest = below - x
    for bit, power in enumerate(_POWERS[: integer_bits + 2], start=fractional_bits - 2):
        result = np.where(rest & (1 << bit), high_mul(result, power), result)
    return np.where(x == 0, ONE, result)


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)) of values in Q4.27, in Q0.31."""
    above = one_over_one_plus(exp(-np.abs(x), 4))
    return np.where(x == 0, 1 << 30, np.where(x > 0, above, ONE - above))


def tanh(x: Array) -> Array:
    """The hyperbolic tangent of values in Q4.27, in Q0.31."""
    # The bits of x in Q4.27 are those of 2x in Q5.26; (1 - e) / (1 + e) = 2 / (1 + e) - 1.
    above = _saturated((_reciprocal_of_half(exp(-np.abs(x), 5)) - (1 << 29)) << 2)
    return np.where(x == 0, 0, np.where(x > 0, above, -above))


def one_over_one_plus(x: Array) -> Array:
    """1 / (1 + x) for x in 0..1, both Q0.31."""
    return _saturated(_reciprocal_of_half(x) << 1)


def inverse_square_root(x: int) -> tuple[int, int]:
    """(multiplier, shift) with multiplier * 2**(shift - 31) ~= 1 / sqrt(x), for an int32 >= 0; 0 counts as 1.

    Five Newton steps in Q3.28 from 1. Source: TensorFlow Lite's `GetInvSqrtQuantizedMultiplierExp`; `c/inverse_sqrt.h`
    is its twin in C.
    """
    if x <= 1:
        return ONE, 0
    shift = 11
    while x >= 1 << 29:
        x, shift = x // 4, shift + 1
    pairs = (31 - x.bit_length()) // 2 - 1
    x, shift = x << (2 * pairs), shift - pairs
    half = int(round_shift(x >> 1, 1))
    y = 1 << 28
    for _ in range(5):
        cube = int(_saturated(high_mul(high_mul(y, y), y) << 6))
        y = int(_saturated((high_mul((1 << 28) + (1 << 27), y) - high_mul(half, cube)) << 3))
    y = int(high_mul(y, 1518500250))  # sqrt(1/2) in Q0.31
    return (y, -shift) if shift >= 0 else (y << -shift, 0)


def _exp_of_quarter(a: Array) -> Array:
    """exp of values in [-1/4, 0) in Q0.31, by the Taylor polynomial of degree 4 around -1/8."""
    x = a + (1 << 28)
    x2 = high_mul(x, x)
    x3, x4 = high_mul(x2, x), high_mul(x2, x2)
    tail = round_shift(high_mul(round_shift(x4, 2) + x3, _THIRD) + x2, 1)
    return high_mul(x + tail, _EXP_MINUS_EIGHTH) + _EXP_MINUS_EIGHTH


def _reciprocal_of_half(x: Array) -> Array:
    """2 / (1 + x) in Q2.29 for x in 0..1 in Q0.31: three Newton steps."""
    half = (np.asarray(x, np.int64) + (1 << 31)) >> 1
    y = _48_17 + high_mul(half, _MINUS_32_17)
    for _ in range(3):
        y = y + _saturated(high_mul(y, (1 << 29) - high_mul(half, y)) << 2)
    return y


def _saturated(x: Array) -> Array:
    return np.clip(x, -(1 << 31), ONE)
