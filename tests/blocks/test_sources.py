"""Sensors: what their streams are, and what they refuse."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from motes.blocks import Accelerometer, Camera, Microphone
from motes.errors import BadInput
from motes.stream import Source, Window


def test_microphone() -> None:
    stream = Microphone(rate=8_000)
    assert isinstance(stream.origin, Source)
    assert (stream.origin.kind, stream.origin.rate, dict(stream.origin.settings)) == ("microphone", Fraction(8000), {})
    assert (str(stream.tensor), stream.tensor.scale, stream.period) == (
        "microphone int16[]",
        1 / 32768,
        Fraction(1, 8000),
    )


def test_accelerometer() -> None:
    stream = Accelerometer(rate=12.5, range_g=4)
    assert isinstance(stream.origin, Source)
    assert (stream.origin.kind, stream.origin.rate) == ("accelerometer", Fraction(25, 2))
    assert dict(stream.origin.settings) == {"range_g": 4}
    assert (str(stream.tensor), stream.period) == ("accelerometer int16[3]", Fraction(2, 25))
    assert stream.tensor.scale * 32768 == pytest.approx(4 * 9.80665)


def test_camera() -> None:
    stream = Camera(width=96, height=64, rate=5)
    assert isinstance(stream.origin, Window)
    rows = stream.origin.stream
    assert (stream.origin.length, stream.origin.stride, rows.tensor.shape) == (64, 64, (96,))
    assert isinstance(rows.origin, Source)
    assert (rows.origin.kind, dict(rows.origin.settings)) == ("camera", {"width": 96, "height": 64})
    assert (rows.origin.rate, rows.origin.record, rows.origin.records_per_s) == (Fraction(320), (64, 96), Fraction(5))
    assert (str(stream.tensor), stream.tensor.scale, stream.period) == ("camera uint8[64, 96]", 1 / 255, Fraction(1, 5))


@pytest.mark.parametrize("rate", [0, -1, 3_999, 96_001, 16_000.5, math.nan, True, "16k"])
def test_microphone_rates(rate: int) -> None:
    with pytest.raises(BadInput) as raised:
        Microphone(rate)
    assert str(raised.value) == f"Microphone: rate is {rate!r}; give a whole number of Hz, 4000 to 96000"


@pytest.mark.parametrize("rate", [0, -1, 0.05, 60_000, math.nan, math.inf, True, None])
def test_accelerometer_rates(rate: float) -> None:
    with pytest.raises(BadInput) as raised:
        Accelerometer(rate)
    assert str(raised.value) == f"Accelerometer: rate is {rate!r}; give a number of Hz, 0.1 to 50000"


def test_rates_between_the_steps() -> None:
    with pytest.raises(BadInput) as raised:
        Camera(96, 96, 100 / 3)
    assert str(raised.value) == "Camera: rate is 33.333333333333336; sensors are set in steps of 0.001 Hz"


@pytest.mark.parametrize("range_g", [0, 1, 3, 32, True, math.nan])
def test_accelerometer_ranges(range_g: int) -> None:
    with pytest.raises(BadInput) as raised:
        Accelerometer(100, range_g)
    assert str(raised.value) == f"Accelerometer: range_g is {range_g!r}; give one of 2, 4, 8, 16"


@pytest.mark.parametrize(
    ("width", "height", "words"),
    [
        (0, 96, "Camera: width is 0; give a whole number of pixels, at least 1"),
        (96, 9.5, "Camera: height is 9.5; give a whole number of pixels, at least 1"),
        (2048, 1024, "Camera: 2048x1024 are 2097152 pixels; at most 1048576 are possible"),
    ],
)
def test_camera_sizes(width: int, height: int, words: str) -> None:
    with pytest.raises(BadInput) as raised:
        Camera(width, height, 5)
    assert str(raised.value) == words
