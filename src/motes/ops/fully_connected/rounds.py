"""Dense int8 layers in a loop whose rounds have scales of their own: tables of a number a unit and a few a round.

After quantization each step of an unrolled recurrent layer has its own input and output scale, so that multipliers,
shifts and biases differ for every unit of every step, though the weights are the same. They all come from products,

    multiplier[t, u] ~ weight_scale[u] * (input_scale[t] / output_scale[t])
    bias[t, u] ~ (real_bias[u] / weight_scale[u]) * (1 / input_scale[t]),

which the kernel computes itself. Here every result is compared with the one it stands for: biases may be one off, which
is noted; anything else, and there are no such tables.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.common import limits
from motes.ops.fully_connected.sums import bias_of, bias_tensor, rescaling, weights_of

MOST_FIXES = 1 / 8
"""Of all biases, the most that may be one off."""


def params_of_rounds(rounds: Sequence[Node]) -> list[Params] | None:
    """The parameters of each round; None where products do not give exactly what TFLM's arithmetic takes."""
    first = rounds[0]
    if any(not np.array_equal(weights_of(n), weights_of(first)) for n in rounds):
        return None
    if any(n.input(1).quant != first.input(1).quant for n in rounds):
        return None
    units, depth = first.input(1).shape
    scales = _scales(rounds)
    biases = _biases(rounds)
    if scales is None or biases is None:
        return None
    mantissas, exponents, ratios = scales
    bias, factors, shift, fixes = biases
    starts = np.cumsum([0, *map(len, fixes)])
    activation = first.op.activation  # type: ignore[attr-defined]
    found: list[Params] = []
    for i, node in enumerate(rounds):
        low, high = limits(node, activation)
        found.append(
            {
                "rows": node.output.elements // units,
                "depth": depth,
                "units": units,
                "weights": weights_of(node),
                "weight_sum": weights_of(node).sum(axis=1, dtype=np.int32),
                "bias": bias,
                "scale": mantissas,
                "exponent": exponents,
                "step": int(len(mantissas) > 1),
                "ratio_high": ratios[i][0] >> 32,
                "ratio_low": ratios[i][0] & 0xFFFFFFFF,
                "ratio_exponent": ratios[i][1],
                "bias_factor": factors[i],
                "bias_shift": shift,
                "fixes": np.array([f for row in fixes for f in row] or [0], np.uint16),
                "fix_start": int(starts[i]),
                "fix_end": int(starts[i + 1]),
                "x_zero": node.input(0).zero_point,
                "zero_point": node.output.zero_point,
                "low": low,
                "high": high,
            }
        )
    return found


def _scales(rounds: Sequence[Node]) -> tuple[Array, Array, list[tuple[int, int]]] | None:
    """Mantissas and exponents of the weights' scales; mantissa and exponent of the ratio of each round."""
    quant = rounds[0].input(1).quant
    assert quant is not None
    fractions, exponents = np.frexp(np.array(quant.scale, np.float64))
    mantissas = (fractions * 2**24).astype(np.int64)
    if not np.array_equal(mantissas, fractions * 2**24) or np.abs(exponents).max() > 127:
        return None  # no single precision
    ratios = [_normalised(Fraction(n.input(0).scale) / Fraction(n.output.scale)) for n in rounds]
    for node, (ratio, exponent) in zip(rounds, ratios, strict=True):
        pairs = [_multiplier(int(m), int(e), ratio, exponent) for m, e in zip(mantissas, exponents, strict=True)]
        wanted = zip(*(v.tolist() for v in rescaling(node)), strict=True)
        for (multiplier, shift), (m, s) in zip(pairs, wanted, strict=True):
            if multiplier != m or not -31 <= shift <= 31 or (m and shift != s):
                return None
    return mantissas.astype(np.uint32), exponents.astype(np.int8), ratios


def _normalised(real: Fraction) -> tuple[int, int]:
    """(mantissa of 64 bits, exponent) of a positive number: mantissa * 2**(exponent - 64), rounded down."""
    exponent = real.numerator.bit_length() - real.denominator.bit_length()
    exponent += real >= Fraction(2) ** exponent
    return math.floor(real * Fraction(2) ** (64 - exponent)), exponent


def _multiplier(mantissa: int, exponent: int, ratio: int, ratio_exponent: int) -> tuple[int, int]:
    """What the kernel computes of these."""
    real = mantissa * (ratio >> 32) + (mantissa * (ratio & 0xFFFFFFFF) >> 32)
    large = real >> 55
    multiplier = (real + (1 << (23 + large))) >> (24 + large)
    shift = exponent + ratio_exponent - 1 + large
    return (multiplier >> 1, shift + 1) if multiplier >> 31 else (multiplier, shift)


def _biases(rounds: Sequence[Node]) -> tuple[Array, list[int], int, list[list[int]]] | None:
    """The bias of each unit as int32, the factor of each round and the shift that bring it to steps, and the fixes."""
    wanted = np.array([bias_of(node) for node in rounds], np.int64)
    none = [[] for _ in rounds]  # type: list[list[int]]
    if bias_tensor(rounds[0]) is None or not (wanted != wanted[0]).any():
        return wanted[0].astype(np.int32), [1] * len(rounds), 0, none
    scales = np.array([node.input(0).scale for node in rounds], np.float64)
    # bias * scale is between these, whatever the weight's scale, which is the same in all rounds.
    low, high = (((wanted + off) * scales[:, np.newaxis]) for off in (-0.5, 0.5))
    real = (low.max(axis=0) + high.min(axis=0)) / 2
    most = np.abs(real).max()
    if not most or not np.isfinite(most) or not np.isfinite(1 / scales).all():
        return None
    up = 30 - math.frexp(most)[1]
    factor_up = 31 - math.frexp((1 / scales).max())[1]
    shift = up + factor_up
    if not 0 <= shift <= 62:
        return None
    bias = np.rint(real * 2.0**up).astype(np.int64)
    factors = np.rint(2.0**factor_up / scales).astype(np.int64)
    made = (bias * factors[:, np.newaxis] + ((1 << shift) >> 1)) >> shift
    off = wanted - made
    if np.abs(off).max() > 1 or np.count_nonzero(off) > MOST_FIXES * off.size or wanted.shape[1] > 1 << 15:
        return None
    fixes = [[2 * u + (row[u] > 0) for u in np.flatnonzero(row).tolist()] for row in off]
    return bias.astype(np.int32), factors.tolist(), shift, fixes
