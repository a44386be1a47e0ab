"""The sensors an application can begin with."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

from motes.errors import BadInput
from motes.ir import DType, Tensor, quant
from motes.stream import Source, Stream, Window

STANDARD_GRAVITY = 9.80665
"""m/s2"""
RANGES_G = (2, 4, 8, 16)
"""Full scales that accelerometers offer."""
MOST_PIXELS = 1 << 20


def Microphone(rate: int = 16_000) -> Stream:
    """A microphone: one int16 sample every 1/rate seconds, full scale 1.

    Args:
        rate: samples a second, a whole number from 4,000 to 96,000.

    Raises:
        BadInput: another rate.
    """
    if isinstance(rate, bool) or not isinstance(rate, int) or not 4_000 <= rate <= 96_000:
        raise BadInput(f"Microphone: rate is {rate!r}; give a whole number of Hz, 4000 to 96000")
    return _stream("microphone", Fraction(rate), Tensor("microphone", (), DType.INT16, quant(1 / 32768, 0)))


def Accelerometer(rate: float, range_g: int = 2) -> Stream:
    """A three-axis accelerometer: int16 (3), x, y and z, every 1/rate seconds; its quantization gives m/s2.

    Args:
        rate: triples a second, 0.1 to 50,000, in steps of 1/1000 Hz.
        range_g: full scale of the 16 bits in units of standard gravity: 2, 4, 8 or 16.

    Raises:
        BadInput: another rate or range.
    """
    if isinstance(range_g, bool) or range_g not in RANGES_G:
        raise BadInput(f"Accelerometer: range_g is {range_g!r}; give one of {', '.join(map(str, RANGES_G))}")
    scale = quant(range_g * STANDARD_GRAVITY / 32768, 0)
    found = _rate("Accelerometer", rate, 50_000)
    return _stream("accelerometer", found, Tensor("accelerometer", (3,), DType.INT16, scale), range_g=range_g)


def Camera(width: int, height: int, rate: float) -> Stream:
    """A camera: grey frames, uint8 (height, width), 0 black to 255 white, every 1/rate seconds, row by row.

    Args:
        width: pixels in a row.
        height: rows in a frame; a frame has at most 1,048,576 pixels.
        rate: frames a second, 0.1 to 240, in steps of 1/1000 Hz.

    Raises:
        BadInput: no such frames.
    """
    for what, value in (("width", width), ("height", height)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise BadInput(f"Camera: {what} is {value!r}; give a whole number of pixels, at least 1")
    if width * height > MOST_PIXELS:
        raise BadInput(f"Camera: {width}x{height} are {width * height} pixels; at most {MOST_PIXELS} are possible")
    frame = Tensor("camera", (height, width), DType.UINT8, quant(1 / 255, 0))
    frames = _rate("Camera", rate, 240)
    row = dataclasses.replace(frame, name="row", shape=(width,))
    source = Source("camera", frames * height, (height, width), {"width": width, "height": height})
    rows = Stream(row, source, 1 / source.rate)
    return Stream(frame, Window(rows, height, height), 1 / frames)


def _rate(what: str, rate: float, most: int) -> Fraction:
    number = isinstance(rate, (int, float)) and not isinstance(rate, bool)
    if not number or not 0.1 <= rate <= most:  # false for NaN
        raise BadInput(f"{what}: rate is {rate!r}; give a number of Hz, 0.1 to {most}")
    found = Fraction(round(rate * 1000), 1000)
    if abs(float(found) - rate) > 1e-9 * rate:
        raise BadInput(f"{what}: rate is {rate!r}; sensors are set in steps of 0.001 Hz")
    return found


def _stream(kind: str, rate: Fraction, item: Tensor, **settings: int) -> Stream:
    return Stream(item, Source(kind, rate, item.shape, settings), 1 / rate)
