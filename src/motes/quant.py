"""Fixed-point arithmetic exactly as TensorFlow Lite Micro does it; `c/requantize.h` is its twin in C.

Source: TensorFlow Lite's `quantization_util.cc` and gemmlowp's fixed point, two roundings (TFLM's default).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

LARGEST_SHIFT = 31
"""The largest left shift of a multiplier: beyond it TFLM's own arithmetic is undefined."""

LARGEST_SHIFT_S64 = 14
"""The same for sums of 64 bits."""


def quantize_multiplier(real: float) -> tuple[int, int]:
    """(multiplier, shift) with real ~= multiplier * 2**(shift - 31), multiplier 0 or in 2**30 .. 2**31 - 1.

    Args:
        real: not negative, in double precision. Below about 2**-32 it counts as 0, as in TFLM.

    Raises:
        ValueError: `real` is negative, not finite, or needs a shift above `LARGEST_SHIFT`.
    """
    if not 0.0 <= real < math.inf:
        raise ValueError(f"a multiplier of {real} is not a number that can be used")
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    # C's round(): halves away from zero; `fraction` is positive.
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier, shift = multiplier >> 1, shift + 1
    if shift > LARGEST_SHIFT:
        raise ValueError(f"a multiplier of {real:g} is 2**{LARGEST_SHIFT} or more")
    return (multiplier, shift) if shift >= -31 else (0, 0)


def requantize(
    x: npt.NDArray[Any] | int, multiplier: npt.NDArray[Any] | int, shift: npt.NDArray[Any] | int
) -> npt.NDArray[Any]:
    """`motes_requantize` over arrays: int32 values in, int64 array out, broadcasting.

    Args:
        x: values that int32 holds.
        multiplier: 0 .. 2**31 - 1.
        shift: -31 .. 31.
    """
    left, right = np.maximum(shift, 0), np.maximum(np.negative(shift), 0)
    shifted = (np.asarray(x, np.int64) << left).astype(np.int32).astype(np.int64)  # wraps, as in C
    return round_shift(high_mul(shifted, multiplier), right)


def requantize_s64(
    x: npt.NDArray[Any] | int, multiplier: npt.NDArray[Any] | int, shift: npt.NDArray[Any] | int
) -> npt.NDArray[Any]:
    """`motes_requantize_s64` over arrays: int64 values in, int64 array out, broadcasting.

    Args:
        x: within +-2**47.
        multiplier: 0 .. 2**31 - 1.
        shift: -31 .. `LARGEST_SHIFT_S64`.
    """
    wide = np.asarray(multiplier, np.int64)
    reduced = np.where(wide < 0x7FFF0000, (wide + (1 << 15)) >> 16, 0x7FFF)
    right = 15 - np.asarray(shift, np.int64)
    return (
        ((np.asarray(x, np.int64) * reduced + (np.int64(1) << (right - 1))) >> right).astype(np.int32).astype(np.int64)
    )


def high_mul(a: npt.NDArray[Any] | int, b: npt.NDArray[Any] | int) -> npt.NDArray[Any]:
    """`motes_high_mul` over arrays: round(a * b / 2**31), halves up, int64."""
    return np.asarray((np.asarray(a, np.int64) * np.asarray(b, np.int64) + (1 << 30)) >> 31)


def round_shift(x: npt.NDArray[Any] | int, exponent: npt.NDArray[Any] | int) -> npt.NDArray[Any]:
    """`motes_round_shift` over arrays: x / 2**exponent, halves away from zero, int64."""
    wide = np.asarray(x, np.int64)
    mask = (np.int64(1) << np.asarray(exponent, np.int64)) - 1
    return np.asarray((wide >> exponent) + ((wide & mask) > (mask >> 1) + (wide < 0)))


def activation_range(activation: str, scale: float, zero_point: int, low: int, high: int) -> tuple[int, int]:
    """The quantized range that a fused activation leaves of `low..high`.

    Args:
        activation: "NONE", "RELU", "RELU6" or "RELU_N1_TO_1".
        scale: of the output, in float32 as the file stores it.
        zero_point: of the output, in `low..high`.

    Raises:
        ValueError: the scale is so small that the activation's limit does not fit an int32; TFLM refuses it too.
    """

    def quantized(real: float) -> int:
        # TFLM divides in single precision and rounds halves away from zero.
        with np.errstate(over="ignore"):
            ratio = float(np.float32(real) / np.float32(scale))
        if abs(ratio) > 1 << 31:
            raise ValueError(f"{activation} with a scale of {scale:g} has a limit beyond int32")
        return zero_point + int(math.copysign(math.floor(abs(ratio) + 0.5), ratio))

    if activation == "RELU":
        return max(low, quantized(0.0)), high
    if activation == "RELU6":
        return max(low, quantized(0.0)), min(high, quantized(6.0))
    if activation == "RELU_N1_TO_1":
        return max(low, quantized(-1.0)), min(high, quantized(1.0))
    return low, high


def logistic_table_s16() -> npt.NDArray[np.uint16]:
    """uint16 (256): the logistic function f at i / 24, times 2^16, for `c/logistic_s16.h`.

    Straight lines between points of f lie below it. Half of the error in the middle of a line, f'' / (8 * 24^2), is
    added to each point, so that errors are as large above as below. Source: TFLM's table, which this is.
    """
    f = 1.0 / (1.0 + np.exp(-np.arange(256) / 24.0))
    bend = f * (1.0 - f) * (1.0 - 2.0 * f) / 24.0**2
    table = np.floor(65536.0 * (f - bend / 16.0) + 0.5).astype(np.uint16)
    table[-1] = 65535
    return table
