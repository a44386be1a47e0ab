"""Softmax over two classes: the smaller score's output depends on their difference alone, and gives the other's."""

from __future__ import annotations

import functools

import numpy as np

from motes.ir import Array
from motes.ops.fixed_point import ONE, one_over_one_plus
from motes.ops.softmax.exp import exponentials
from motes.quant import high_mul, round_shift


@functools.lru_cache(maxsize=64)
def smaller(scale: float) -> Array | None:
    """int8: the smaller score's output for differences 0, 1, ..., until it changes no more.

    None where for some difference the two outputs, in 1/256, do not sum to 1: then one does not give the other.
    """
    outputs = [_outputs(int(exp)) for exp in (*exponentials(scale), 0)]
    if any(sum(both) != 256 for both in outputs):
        return None
    table = np.array([less - 128 for _, less in outputs[:256]], np.int8)
    return table[: np.count_nonzero(table != table[-1]) + 1]  # it never rises


def _outputs(exp: int) -> tuple[int, int]:
    """256 / (1 + exp) and 256 * exp / (1 + exp), rounded, as `softmax_row.h` computes them."""
    total = int(round_shift(ONE, 12) + round_shift(exp, 12))  # Q12.19
    up = 32 - total.bit_length()
    scale, exponent = int(one_over_one_plus(np.asarray((total << up) - (1 << 31)))), 12 - up + 31 - 8
    more, less = (int(round_shift(high_mul(scale, e), exponent)) for e in (ONE, exp))
    return more, less
