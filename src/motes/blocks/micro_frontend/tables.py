"""The constant tables of the micro front end, computed in single precision where TFLM does.

Every step is rounded to float32 as its C is, so that the integers come out equal: a weight that is one unit off changes
features on real recordings.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from motes.ir import Array

f32 = np.float32

GAIN_STRENGTH, GAIN_OFFSET, GAIN_BITS = 0.95, 80.0, 21
NOISE_BITS = 10
"""Fractional bits of the noise estimate."""


def transform_size(window: int) -> int:
    """Points of the real transform: the window's samples filled up to a power of two."""
    return 1 << (window - 1).bit_length()


def correction_bits(window: int) -> int:
    """log2 of the transform's size against 64 points, for which roots of energies come out in TFLM's unit."""
    return transform_size(window).bit_length() - 1 - 6


def hann(window: int) -> Array:
    """int16 (window): (1 - cos(2 pi (i + 1/2) / window)) / 2 in Q12."""
    step = f32(2 * math.pi / window)
    cosine = np.array([math.cos(float(step * f32(i + 0.5))) for i in range(window)], f32)
    rounded: Array = np.floor((f32(0.5) - f32(0.5) * cosine) * f32(4096) + 0.5)
    return rounded.astype(np.int16)


def first_radix(points: int) -> int:
    """Radix of the transform's first stage; the stages behind it have radix 4."""
    return 4 if (points.bit_length() - 1) % 2 == 0 else 2


def group_order(points: int) -> Array:
    """uint16 (points / first radix): the first value of every group of the first stage, by decimation in time."""

    def order(start: int, stride: int, count: int) -> list[int]:
        radix = 4 if count % 4 == 0 else 2
        if count == radix:
            return [start]
        return [i for q in range(radix) for i in order(start + q * stride, stride * radix, count // radix)]

    return np.array(order(0, 1, points), np.uint16)


# fdlibm's log1pf: 2 artanh(s), a polynomial in s^2. TFLM's tables come from this function, in newlib as in glibc before
# 2.41, and it is not always the nearest float: a better logarithm would give other weights.
_LOG1P = (0.66666668653, 0.40000000596, 0.28571429849, 0.22222198546, 0.18183572590, 0.15313838422, 0.14798198640)
_LN2_HIGH, _LN2_LOW = f32(0.69313812256), f32(9.0580006145e-06)


def log1p(x: np.float32) -> np.float32:
    """log(1 + x) in single precision, for x >= 0."""
    exponent, lost, rest = 0, f32(0), x
    if x >= f32(0.41421356):
        whole = f32(1) + x
        lost = (f32(1) - (whole - x) if whole >= 2 else x - (whole - f32(1))) / whole
        mantissa, exponent = math.frexp(float(whole))  # 1/2 <= mantissa < 1
        if 2 * mantissa < 1.4142134189605713:  # the float below sqrt(2)
            mantissa, exponent = 2 * mantissa, exponent - 1
        rest = f32(mantissa - 1)
    square = f32(0.5) * rest * rest
    s = rest / (f32(2) + rest)
    z = s * s
    series = f32(0)
    for coefficient in reversed(_LOG1P):
        series = z * (f32(coefficient) + series)
    if exponent == 0:
        return rest - (square - s * (square + series))
    e = f32(exponent)
    return e * _LN2_HIGH - ((square - (s * (square + series) + (e * _LN2_LOW + lost))) - rest)


def mel(hz: np.float32) -> np.float32:
    """The mel scale with 1127 ln(1 + f / 700)."""
    return f32(1127) * log1p(hz / f32(700))


def filter_bank(rate: int, window: int, channels: int, lower_hz: float, upper_hz: float) -> tuple[int, list[Array]]:
    """Triangular filters, equally spaced in mel: the first bin that counts, and each slope's weights.

    Returns:
        first bin, and for every of the channels + 1 slopes an int16 array (bins, 2): Q12 weights in the channel that
        falls along it and in the next one, which rises.
    """
    bin_hz = f32(rate / 2 / (transform_size(window) // 2))
    low = mel(f32(lower_hz))
    spacing = (mel(f32(upper_hz)) - low) / f32(channels + 1)
    corners = [low, *(low + spacing * f32(i + 1) for i in range(channels + 1))]
    first = k = int(1.5 + float(f32(lower_hz) / bin_hz))  # never the mean
    slopes = []
    for below, corner in itertools.pairwise(corners):
        rows = []
        while (at := mel(f32(k) * bin_hz)) <= corner:
            weight = (corner - at) / (corner - below)
            rows.append((math.floor(float(weight * f32(4096)) + 0.5), math.floor((1 - float(weight)) * 4096 + 0.5)))
            k += 1
        slopes.append(np.array(rows, np.int16).reshape(-1, 2))
    return first, slopes


def gain_curve(correction: int) -> Array:
    """int16 (95): (x + 80)^-0.95 in Q21 over the noise estimate, as two values and 31 parabolas; see integer_curve."""

    def gain(noise: int) -> int:
        x = f32(noise) / f32(1 << (NOISE_BITS - correction)) + f32(GAIN_OFFSET)
        power = f32(math.pow(float(x), -float(f32(GAIN_STRENGTH))))
        return min(int(f32(1 << GAIN_BITS) * power + f32(0.5)), 32767)

    values = [gain(0), gain(1)]
    for bits in range(2, 33):
        start = 1 << (bits - 1)
        y0, y1, y2 = gain(start), gain(start + start // 2), gain(min(2 * start, (1 << 32) - 1))
        slope = 4 * (y1 - y0) - (y2 - y0)
        values += [y0, slope, y2 - y0 - slope]
    return np.array(values, np.int64).astype(np.int16)
