"""Fixed-point arithmetic exactly as TensorFlow Lite Micro does it; `c/requantize.h` is its twin in C.

Source: TensorFlow Lite's `quantization_util.cc` and gemmlowp's fixed point, two roundings (TFLM's default).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt


def quantize_multiplier(real: float) -> tuple[int, int]:
    """(multiplier, shift) with real ~= multiplier * 2**(shift - 31), multiplier 0 or in 2**30 .. 2**31 - 1.

    Args:
        real: a finite number, not negative, in double precision.
    """
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    # C's round(): halves away from zero; `fraction` is positive.
    multiplier = math.floor(fraction * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier, shift = multiplier >> 1, shift + 1
    if shift < -31:
        return 0, 0
    if shift > 30:
        return (1 << 31) - 1, 30
    return multiplier, shift


def requantize(
    x: npt.NDArray[Any], multiplier: npt.NDArray[Any] | int, shift: npt.NDArray[Any] | int
) -> npt.NDArray[Any]:
    """`motes_requantize` over arrays: int32 values in, int64 array out, broadcasting."""
    left, right = np.maximum(shift, 0), np.maximum(np.negative(shift), 0)
    shifted = (np.asarray(x, np.int64) << left).astype(np.int32).astype(np.int64)  # wraps, as in C
    high = (shifted * np.asarray(multiplier, np.int64) + (1 << 30)) >> 31
    mask = (np.int64(1) << right) - 1
    return np.asarray((high >> right) + ((high & mask) > (mask >> 1) + (high < 0)))


def activation_range(activation: str, scale: float, zero_point: int, low: int, high: int) -> tuple[int, int]:
    """The quantized range that a fused activation leaves of `low..high`.

    Args:
        activation: "NONE", "RELU", "RELU6" or "RELU_N1_TO_1".
        scale: of the output, in float32 as the file stores it.
    """

    def quantized(real: float) -> int:
        # TFLM divides in single precision and rounds halves away from zero.
        ratio = float(np.float32(real) / np.float32(scale))
        return zero_point + int(math.copysign(math.floor(abs(ratio) + 0.5), ratio))

    if activation == "RELU":
        return max(low, quantized(0.0)), high
    if activation == "RELU6":
        return max(low, quantized(0.0)), min(high, quantized(6.0))
    if activation == "RELU_N1_TO_1":
        return max(low, quantized(-1.0)), min(high, quantized(1.0))
    return low, high
