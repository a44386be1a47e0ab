"""gemmlowp's exponential in fixed point: tables are made with it, so the chip need not."""

from __future__ import annotations

import math

import numpy as np

from motes.ir import Array
from motes.quant import high_mul, quantize_multiplier, requantize, round_shift

_EXP_MINUS_EIGHTH = 1895147668  # exp(-1/8) in Q0.31
_THIRD = 715827883  # 1/3 in Q0.31
# exp(-2**k) in Q0.31 for k = -2 .. 4
_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)


def exponentials(scale: float) -> Array:
    """exp(-scale * d) in Q0.31 for d = 0, 1, ..., as TFLM computes it; as far as any is left in Q12.19."""
    # Differences are brought to Q5.26; beyond 31 TFLM counts them as infinite.
    multiplier, shift = quantize_multiplier(min(scale * 2**26, 2**31 - 1.0))
    radius = math.floor(31 * 2**26 / 2**shift)
    differences = -np.arange(min(radius, 255) + 1)
    table = exp_q5_26(requantize(differences, multiplier, shift))
    # What rounds to 0 in the sum (half of 2**-19 is 2**11 here) rounds to 0 in every output too.
    return np.asarray(table[table >= 1 << 11], np.int32)


def exp_q5_26(x: Array) -> Array:
    """exp of values <= 0 in Q5.26 (int64, above -2**31), in Q0.31; exp(0) is 2**31 - 1.

    Source: gemmlowp's `exp_on_negative_values`: a Taylor polynomial on [-1/4, 0), then one factor for each bit above.
    """
    quarter = 1 << 24
    below = (x & (quarter - 1)) - quarter  # in [-1/4, 0)
    result = _exp_of_quarter(below << 5)
    rest = below - x
    for bit, power in enumerate(_POWERS, start=24):
        result = np.where(rest & (1 << bit), high_mul(result, power), result)
    return np.where(x == 0, (1 << 31) - 1, result)


def _exp_of_quarter(a: Array) -> Array:
    """exp of values in [-1/4, 0) in Q0.31, by the Taylor polynomial of degree 4 around -1/8."""
    x = a + (1 << 28)
    x2 = high_mul(x, x)
    x3, x4 = high_mul(x2, x), high_mul(x2, x2)
    tail = round_shift(high_mul(round_shift(x4, 2) + x3, _THIRD) + x2, 1)
    return high_mul(x + tail, _EXP_MINUS_EIGHTH) + _EXP_MINUS_EIGHTH
