"""Band energies of vibration against their definition in double precision."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import math
import runpy
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from motes.blocks import Accelerometer, Camera, Microphone, SpectralBands
from motes.errors import BadInput
from motes.ir import Array
from streams import lcg_int16, run

SCALE = 2 * 9.80665 / 32768
BOUND = 1e-5
"""In ln(power); single precision keeps 24 bits of the loudest bin, which is far above every band here."""


def defined(x: Array, rate: float, edges: list[float], floor: float) -> Array:
    """ln(sum of |X|^2 / N + floor) of windows (n, N) in double precision."""
    n = x.shape[1]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)
    real = x * SCALE
    power = np.abs(np.fft.rfft((real - real.mean(axis=1, keepdims=True)) * hann)) ** 2 / n
    hz = np.fft.rfftfreq(n, 1 / rate)
    bands = [power[:, (hz >= low) & (hz < high)].sum(axis=1) for low, high in itertools.pairwise(edges)]
    return np.log(np.stack(bands, axis=1) + floor)


@pytest.mark.parametrize("window", [16, 32, 64, 128, 256, 512, 1024, 2048, 4096])
def test_every_window_length(window: int) -> None:
    x = lcg_int16(8 * window * 3).reshape(8, window, 3)
    made = run(SpectralBands(window // 4, window=window, axis=1, floor=1e-9)(Accelerometer(12_000)), x)
    expected = defined(x[..., 1], 12_000, [6000 * i / (window // 4) for i in range(window // 4 + 1)], 1e-9)
    assert np.abs(made - expected).max() < BOUND


def test_tones_on_a_large_mean() -> None:
    t = np.arange(1024) / 1000
    tones = [9000 * np.sin(2 * np.pi * hz * t) + 20 * np.sin(2 * np.pi * 310 * t) for hz in (7.3, 50.0, 120.9)]
    x = (np.stack(tones) + 23_000).astype(np.int16)
    edges = [3.0, 20.0, 80.0, 150.0, 300.0, 320.0, 500.0]
    made = run(SpectralBands(edges, window=1024)(Accelerometer(1000)), np.repeat(x[..., None], 3, axis=2))
    assert np.abs(made - defined(x, 1000, edges, 1e-3)).max() < BOUND
    assert made.argmax(axis=1).tolist() == [0, 1, 2]


def test_vibration_of_a_machine(shared: Path) -> None:
    recordings = runpy.run_path(str(shared / "tools" / "machine.py"))["recordings"]
    x = np.concatenate([recordings(kind, count=4, seed=3) for kind in ("normal", "outer", "looseness")])
    x = np.clip(np.rint(x / SCALE), -32768, 32767).astype(np.int16)
    edges = [7.25, 21.75, 36.25, 123.25, 290.0, 1000.0, 2200.0, 5800.0]
    three = np.zeros((*x.shape, 3), np.int16)
    three[..., 2] = x
    made = run(SpectralBands(edges, window=2048, axis=2)(Accelerometer(12_000)), three)
    assert np.abs(made - defined(x, 12_000, edges, 1e-3)).max() < BOUND


def test_mean_and_deviation_are_taken_off() -> None:
    x = lcg_int16(4 * 64).reshape(4, 64)
    plain = SpectralBands([0.0, 1000.0, 8000.0], window=64)
    against = dataclasses.replace(plain, mean=[1.5, -2.0], deviation=[0.5, 4.0])
    a, b = run(plain(Microphone()), x), run(against(Microphone()), x)
    assert np.abs(b - (a - [1.5, -2.0]) / [0.5, 4.0]).max() < 1e-6


def test_silence_is_the_floor() -> None:
    made = run(SpectralBands(4, window=64, floor=0.5)(Microphone()), np.full((1, 64), 1234, np.int16))
    assert made.tolist() == [[float(np.float32(math.log(0.5)))] * 4]


def test_bits_are_the_same_on_every_machine() -> None:
    made = run(SpectralBands(24, window=1024)(Microphone()), lcg_int16(8 * 1024).reshape(8, 1024))
    assert hashlib.sha256(made.tobytes()).hexdigest() == RECORDED


def test_windows_touch_unless_told_otherwise() -> None:
    mic = Microphone(16_000)
    assert SpectralBands(4, window=1024)(mic).period == Fraction(1024, 16_000)
    assert SpectralBands(4, window=1024, stride=256)(mic).period == Fraction(256, 16_000)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"window": 1000}, "window is 1000; it must be a power of two, 16 to 4096"),
        ({"window": 8192}, "window is 8192; it must be a power of two, 16 to 4096"),
        ({"axis": 3}, "axis is 3; accelerometer int16[3] has axes 0 to 2"),
        ({"axis": -1}, "axis is -1; accelerometer int16[3] has axes 0 to 2"),
        ({"floor": 0.0}, "floor is 0.0; it must be positive, such as 0.001"),
        ({"floor": math.nan}, "floor is nan; it must be positive, such as 0.001"),
        ({"edges_hz": [100.0]}, "edges_hz is [100.0]; give at least two frequencies, ascending, from 0 to 500 Hz"),
        ({"edges_hz": [100.0, 50.0]}, "edges_hz is [100.0, 50.0]; give at least two frequencies, ascending"),
        ({"edges_hz": [100.0, math.nan]}, "edges_hz is [100.0, nan]; give at least two frequencies, ascending"),
        ({"edges_hz": [100.0, 501.0]}, "edges_hz is [100.0, 501.0]; give at least two frequencies, ascending"),
        ({"edges_hz": [-1.0, 100.0]}, "edges_hz is [-1.0, 100.0]; give at least two frequencies, ascending"),
        ({"edges_hz": [1.5, 1.7]}, "the band from 1.5 to 1.7 Hz holds no bin: they are 0.976562 Hz apart"),
        ({"edges_hz": 0}, "0 bands of equal width; 1 to 512 are possible"),
        ({"edges_hz": 513}, "513 bands of equal width; 1 to 512 are possible"),
        ({"mean": [1.0]}, "mean has 1 values; give a finite one for each of 2 bands"),
        ({"deviation": [1.0, math.inf]}, "deviation has 2 values; give a finite one for each of 2 bands"),
        ({"deviation": [1.0, 0.0]}, "a deviation is 0.0; all must be positive"),
        ({"stride": 0}, "stride is 0; it must be a whole number, at least 1"),
    ],
)
def test_settings_that_make_no_bands(changes: dict[str, object], words: str) -> None:
    block = SpectralBands([10.0, 100.0, 400.0], window=1024)
    with pytest.raises(BadInput) as raised:
        dataclasses.replace(block, **changes)(Accelerometer(1000))  # type: ignore[arg-type]
    assert words in str(raised.value)


def test_only_samples_are_taken() -> None:
    with pytest.raises(BadInput) as raised:
        SpectralBands(4)(Camera(8, 8, 5))
    assert "camera uint8[8, 8] is not a stream of int16 samples; give it an Accelerometer" in str(raised.value)


RECORDED = "5620f7e20ccfef2e4f08b64bf314f7d4da85bf60a49a7a3b9cb500a5f570241e"
