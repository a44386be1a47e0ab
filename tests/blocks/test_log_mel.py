"""Log mel energies against their definition in double precision."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from motes.blocks import Accelerometer, LogMel, Microphone
from motes.errors import BadInput
from motes.ir import Array
from streams import clips, lcg_int16, run


def defined(x: Array, points: int, channels: int, lower_hz: float, upper_hz: float) -> tuple[Array, Array]:
    """Features of windows (n, N) at 16 kHz in double precision, with the filters as a matrix; and their bounds.

    Single precision may leave each amplitude off by 2^-24 of A, the root of all powers together. The logarithm of a
    power P is then off by 2 * 2^-24 * A / sqrt(P), and by its own rounding.
    """
    n = x.shape[1]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)
    power = np.abs(np.fft.rfft(x / 32768 * hann, points)) ** 2
    mel = 1127 * np.log1p(np.arange(points // 2 + 1) * 16_000 / points / 700)
    low, high = (1127 * math.log1p(hz / 700) for hz in (lower_hz, upper_hz))
    corners = np.linspace(low, high, channels + 2)[:, None]
    left, top, right = corners[:-2], corners[1:-1], corners[2:]
    weights = np.maximum(0, np.minimum((mel - left) / (top - left), (right - mel) / (right - top)))
    weights[:, 0] = 0
    features = np.log(power @ weights.T + 1e-6)
    whole = np.sqrt(power.sum(axis=1, keepdims=True))
    return features, 2.0**-23 * whole / np.exp(features / 2) + 2.0**-24 * np.abs(features) + 1e-6


SETTINGS = [  # window_ms, fft, channels, lower_hz, upper_hz
    (30, None, 40, 20.0, 8000.0),
    (32, None, 13, 300.0, 3400.0),
    (25, 1024, 80, 20.0, 7600.0),
    (20, None, 64, 0.0, 4000.0),  # channels without a bin
    (64, None, 1, 100.0, 200.0),
]


@pytest.mark.parametrize(("window_ms", "fft", "channels", "lower_hz", "upper_hz"), SETTINGS)
def test_recordings(
    window_ms: int, fft: int | None, channels: int, lower_hz: float, upper_hz: float, shared: Path
) -> None:
    block = LogMel(window_ms, 20, channels, lower_hz, upper_hz, fft)
    window = window_ms * 16
    points = fft or 1 << (window - 1).bit_length()
    x = np.concatenate([np.lib.stride_tricks.sliding_window_view(clip, window)[::320] for clip in clips(shared, 25)])
    expected, bounds = defined(x, points, channels, lower_hz, upper_hz)
    assert (np.abs(run(block(Microphone()), x) - expected) < bounds).all()


@pytest.mark.parametrize(("window_ms", "fft", "channels", "lower_hz", "upper_hz"), SETTINGS)
def test_noise(window_ms: int, fft: int | None, channels: int, lower_hz: float, upper_hz: float) -> None:
    window = window_ms * 16
    points = fft or 1 << (window - 1).bit_length()
    x = lcg_int16(20 * window).reshape(20, window)
    made = run(LogMel(window_ms, 20, channels, lower_hz, upper_hz, fft)(Microphone()), x)
    expected, bounds = defined(x, points, channels, lower_hz, upper_hz)
    assert (np.abs(made - expected) < bounds).all()
    assert bounds.max() < 1e-4


def test_silence_is_the_floor() -> None:
    made = run(LogMel(channels=4, floor=0.5)(Microphone()), np.zeros((1, 480), np.int16))
    assert made.tolist() == [[float(np.float32(math.log(0.5)))] * 4]


def test_bits_are_the_same_on_every_machine() -> None:
    made = run(LogMel()(Microphone()), lcg_int16(20 * 480).reshape(20, 480))
    assert hashlib.sha256(made.tobytes()).hexdigest() == RECORDED


def test_stream_has_the_pace_and_shape_of_its_settings() -> None:
    stream = LogMel(window_ms=30, stride_ms=20, channels=13)(Microphone())
    assert (stream.period, str(stream.tensor)) == (Fraction(1, 50), "log_mel float32[13]")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"window_ms": math.nan}, "LogMel: window_ms is nan; it must be a positive number of milliseconds"),
        ({"stride_ms": 0}, "LogMel: stride_ms is 0; it must be a positive number"),
        (
            {"window_ms": 257},
            "a window of 4112 samples and fft=None; the transform must be a power of two, 8192 to 4096",
        ),
        ({"fft": 256}, "a window of 480 samples and fft=256; the transform must be a power of two, 512 to 4096"),
        ({"fft": 1000}, "a window of 480 samples and fft=1000; the transform must be a power of two, 512 to 4096"),
        ({"channels": 0}, "channels is 0; it must be a whole number, 1 to 256"),
        ({"lower_hz": 8000.0}, "bands from 8000.0 to 8000.0 Hz; they must lie between 0 and 8000 Hz"),
        ({"upper_hz": math.nan}, "bands from 20.0 to nan Hz"),
        ({"floor": -1.0}, "floor is -1.0; it must be positive, such as 1e-6"),
    ],
)
def test_settings_that_make_no_bands(changes: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput) as raised:
        dataclasses.replace(LogMel(), **changes)(Microphone())  # type: ignore[arg-type]
    assert words in str(raised.value)


def test_only_samples_are_taken() -> None:
    with pytest.raises(BadInput) as raised:
        LogMel()(Accelerometer(100))
    assert "accelerometer int16[3] is not a stream of int16 samples; give it a Microphone" in str(raised.value)


RECORDED = "a67a90c595cb7969ed473951adc7dad72d103fc059327f9635f30ae94e29a53c"
