"""The exponentials of a softmax over int8 as a table, so that the chip need not compute them."""

from __future__ import annotations

import math

import numpy as np

from motes.ir import Array
from motes.ops.fixed_point import exp
from motes.quant import quantize_multiplier, requantize

INTEGER_BITS = 5
"""Of differences, in TFLM's fixed point."""


def exponentials(scale: float) -> Array:
    """exp(-scale * d) in Q0.31 for d = 0, 1, ..., as TFLM computes it; as far as any is left in Q12.19."""
    # Differences are brought to Q5.26; beyond 31 TFLM counts them as infinite.
    multiplier, shift = quantize_multiplier(min(scale * 2**26, 2**31 - 1.0))
    radius = math.floor(31 * 2**26 / 2**shift)
    differences = -np.arange(min(radius, 255) + 1)
    table = exp(requantize(differences, multiplier, shift), INTEGER_BITS)
    # What rounds to 0 in the sum (half of 2**-19 is 2**11 here) rounds to 0 in every output too.
    return np.asarray(table[table >= 1 << 11], np.int32)
