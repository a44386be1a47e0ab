"""The micro front end against TensorFlow Lite Micro's C, byte for byte."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from front_end import compiled, frames, generated
from motes.blocks import Accelerometer, MicroFrontend, Microphone
from motes.blocks.micro_frontend import tables
from motes.errors import BadInput
from motes.ops.signal_fft import tables as fft
from motes.ops.signal_filter_bank.tables import log_table
from streams import clips
from tflm_frontend import Frontend, wheel_frames


@pytest.mark.parametrize("name", generated())
def test_signals_equal_tflm_at_10_ms(name: str) -> None:
    signal = generated()[name]
    assert np.array_equal(frames(MicroFrontend(30, 10, raw=True), signal), wheel_frames(signal))


def test_recordings_equal_pymicro_features_at_10_ms(shared: Path) -> None:
    run, window, stride = compiled(MicroFrontend(30, 10, raw=True))
    for samples in clips(shared, every=6):
        run.reset()
        every = np.lib.stride_tricks.sliding_window_view(samples, window)[::stride]
        (made,) = run.run_many(np.ascontiguousarray(every))
        assert np.array_equal(made, wheel_frames(samples))


@pytest.mark.parametrize(
    ("size_ms", "step_ms", "channels", "lower_hz", "upper_hz"),
    [
        (30, 20, 40, 125.0, 7500.0),  # the step of micro_speech
        (30, 30, 40, 125.0, 7500.0),
        (25, 10, 32, 125.0, 7500.0),  # TFLM's own defaults
        (25, 10, 32, 60.0, 3800.0),
        (16, 8, 20, 200.0, 7000.0),  # 128 complex points: the first stage has radix 2
        (64, 32, 80, 80.0, 7600.0),  # 512 points
        (128, 40, 1, 0.0, 7000.0),  # 1024 points
        (8, 8, 60, 100.0, 7000.0),  # channels without a bin
    ],
)
def test_settings_equal_tflm(
    size_ms: int, step_ms: int, channels: int, lower_hz: float, upper_hz: float, shared: Path
) -> None:
    block = MicroFrontend(size_ms, step_ms, channels, lower_hz, upper_hz, raw=True)
    for samples in (*clips(shared, every=50), *generated().values()):
        tflm = Frontend(size_ms, step_ms, channels, lower_hz, upper_hz)
        assert tflm.possible
        assert np.array_equal(frames(block, samples), tflm.frames(samples))


def test_answers_recorded_from_tflm() -> None:
    """What the two tests above found equal, for machines without the oracle."""
    made = np.concatenate([frames(MicroFrontend(30, 20, raw=True), x) for x in generated().values()])
    assert made.shape == (10 * 49, 40)
    assert hashlib.sha256(made.tobytes()).hexdigest() == RECORDED


def test_tables_are_the_same_on_every_machine() -> None:
    first, slopes = tables.filter_bank(16_000, 480, 40, 125.0, 7500.0)
    parts = [tables.hann(480), fft.twiddles(256), fft.split(256), *slopes]
    parts += [tables.gain_curve(3), log_table(), tables.group_order(256)]
    assert first == 5
    assert hashlib.sha256(b"".join(p.tobytes() for p in parts)).hexdigest() == TABLES


def test_int8_follows_micro_speech() -> None:
    signal = generated()["swelling"]
    raw = frames(MicroFrontend(30, 20, raw=True), signal).astype(np.int64)
    made = frames(MicroFrontend(30, 20), signal)
    assert np.array_equal(made, np.clip((raw * 256 + 333) // 666 - 128, -128, 127))
    tensor = MicroFrontend(30, 20)(Microphone()).tensor
    real, exact = tensor.scale * (made - float(tensor.zero_point)), raw / 25.6
    assert np.abs(real - np.minimum(exact, 255 * tensor.scale)).max() <= tensor.scale / 2 + 1e-9


def test_stream_has_the_pace_and_shape_of_its_settings() -> None:
    stream = MicroFrontend(window_ms=30, stride_ms=20, channels=40)(Microphone(rate=16_000))
    assert (stream.period, stream.tensor.shape, str(stream.tensor.dtype.value)) == (Fraction(1, 50), (40,), "int8")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"window_ms": math.nan}, "MicroFrontend: window_ms is nan; it must be a positive number of milliseconds"),
        ({"stride_ms": 0}, "MicroFrontend: stride_ms is 0; it must be a positive number"),
        ({"stride_ms": -10}, "MicroFrontend: stride_ms is -10; it must be a positive number"),
        ({"window_ms": 2}, "window_ms=2 is 32 samples at 16000 Hz; it must be 33 to 2048"),
        ({"window_ms": 129}, "window_ms=129 is 2064 samples at 16000 Hz; it must be 33 to 2048"),
        ({"channels": 0}, "channels is 0; it must be a whole number, 1 to 256"),
        ({"channels": 2.5}, "channels is 2.5; it must be a whole number, 1 to 256"),
        ({"lower_hz": 7500}, "bands from 7500 to 7500.0 Hz; they must lie between 0 and 8000 Hz"),
        ({"upper_hz": 9000}, "bands from 125.0 to 9000 Hz; they must lie between 0 and 8000 Hz"),
        ({"lower_hz": math.nan}, "bands from nan to 7500.0 Hz"),
        ({"upper_hz": 8000}, "upper_hz=8000 reaches the last frequency bin; lower it a little"),
    ],
)
def test_settings_that_make_no_front_end(changes: dict[str, float], words: str) -> None:
    with pytest.raises(BadInput) as raised:
        dataclasses.replace(MicroFrontend(), **changes)(Microphone())  # type: ignore[arg-type]
    assert words in str(raised.value)


def test_only_samples_are_taken() -> None:
    with pytest.raises(BadInput) as raised:
        MicroFrontend()(Accelerometer(100))
    assert "accelerometer int16[3] is not a stream of int16 samples; give it a Microphone" in str(raised.value)


RECORDED = "0651c1bdecb9f95981ae10fb92f4f098f436f4fd5653aa9f27b0c479a9aea8ed"
TABLES = "077551158d9463b2ecf1ce04a3e0de06bf63d258388768fafdcb38b3554932ce"
