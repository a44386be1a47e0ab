"""Signal operators where they answer later than they are asked, or leave values out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from motes.build import host
from motes.ir import Array, DType, Tensor
from motes.ops.signal_fft import tables
from motes.tflite import load
from tflite_writer import Operator, write_model
from tflm import run_tflm

STEPS = 12
INT16 = DType.INT16


def model(builtin: str, x: Tensor, outputs: tuple[Tensor, ...], **options: Any) -> bytes:
    return write_model([Operator("CUSTOM", (x,), outputs, options, custom_code=builtin)], [x], outputs)


def framer(shape: tuple[int, ...], size: int, step: int) -> bytes:
    x, valid = Tensor("x", shape, INT16), Tensor("valid", (), DType.BOOL)
    y = Tensor("y", (*shape[:-1], shape[-1] // step, size), INT16)
    return model("SignalFramer", x, (y, valid), frame_size=size, frame_step=step, prefill=False)


def stacker(channels: int, left: int, right: int, step: int) -> bytes:
    x, valid = Tensor("x", (channels,), INT16), Tensor("valid", (), DType.BOOL)
    y = Tensor("y", (channels * (left + 1 + right),), INT16)
    sides = {"stacker_left_context": left, "stacker_right_context": right}
    return model("SignalStacker", x, (y, valid), num_channels=channels, stacker_step=step, **sides)


LATE = {
    "frames of two and a half steps": framer((16,), 40, 16),
    "of three, three at once": framer((48,), 48, 16),
    "two streams, seven steps": framer((2, 8), 26, 4),
    "right context": stacker(5, 0, 2, 1),
    "both, every second": stacker(4, 2, 2, 2),
    "every third": stacker(3, 1, 1, 3),
}


@pytest.mark.parametrize("name", LATE)
def test_what_is_complete_equals_tflm(name: str) -> None:
    graph = load(LATE[name])
    draw = np.random.default_rng(len(name))
    given = draw.integers(-32768, 32767, (STEPS, *graph.inputs[0].shape), np.int16, endpoint=True)
    (run,) = host.load([graph], sanitize=True)
    made, valid = run.run_many(given)
    want, complete = run_tflm(LATE[name], [(x,) for x in given])
    assert np.array_equal(valid, complete)
    assert 0 < valid.sum() < STEPS
    assert np.array_equal(made[valid], want[valid])


def test_a_stack_is_zero_at_first_and_stays_then() -> None:
    (run,) = host.load([load(LATE["every third"])])
    made, valid = run.run_many(np.arange(1, 1 + 3 * STEPS, dtype=np.int16).reshape(STEPS, 3))
    assert valid.tolist() == [False, *[True, False, False] * 3, True, False]
    assert not made[0].any()
    assert np.array_equal(made[2], made[1])
    assert np.array_equal(made[3], made[1])
    assert not np.array_equal(made[4], made[1])


def test_frames_that_are_not_complete_are_zero() -> None:
    (run,) = host.load([load(LATE["of three, three at once"])])
    made, valid = run.run_many(np.ones((2, 48), np.int16))
    assert made[0, :2].any() == False  # noqa: E712
    assert made[0, 2].all()
    assert valid.tolist() == [False, True]


def test_memory_is_reset() -> None:
    (run,) = host.load([load(LATE["right context"])])
    given = np.arange(20, dtype=np.int16).reshape(4, 5)
    first = [np.array(y) for y in run.run_many(given)]
    run.reset()
    assert all(np.array_equal(a, b) for a, b in zip(first, run.run_many(given), strict=True))


def test_energies_outside_of_the_range_are_zero() -> None:
    x, y = Tensor("x", (16,), INT16), Tensor("y", (8,), DType.UINT32)
    (run,) = host.load([load(model("SignalEnergy", x, (y,), end_index=6, start_index=2))], sanitize=True)
    (made,) = run(np.full(16, -32768, np.int16))
    assert made.tolist() == [0, 0, *[1 << 31] * 4, 0, 0]


# ------------------------------------------------------------------------------------------------ transforms


@pytest.mark.parametrize("points", [2, 3, 8, 15, 60, 150, 256, 512])
def test_places_are_a_permutation(points: int) -> None:
    assert sorted(tables.places(points)) == list(range(points))


@pytest.mark.parametrize("length", [8, 30, 64, 300, 512])
def test_a_transform_and_its_inverse_give_the_signal_back(length: int) -> None:
    x, f, y = (Tensor(n, (s,), DType.FLOAT32) for n, s in (("x", length), ("f", length + 2), ("y", length)))
    options = {"T": 0, "fft_length": length}
    operators = [
        Operator("CUSTOM", (x,), (f,), options, custom_code="SignalRfft"),
        Operator("CUSTOM", (f,), (y,), options, custom_code="SignalIrfft"),
    ]
    (run,) = host.load([load(write_model(operators, [x], [f, y]))])
    signal = np.random.default_rng(length).normal(0, 1, length).astype(np.float32)
    spectrum, back = run(signal)
    want: Array = np.fft.rfft(signal.astype(np.float64))
    assert np.abs(spectrum[0::2] + 1j * spectrum[1::2] - want).max() < 1e-4 * np.sqrt(length)
    assert np.abs(back - signal).max() < 1e-5
