"""The arithmetic of convolution on cores with DSP: rescaling, proved before it runs, and four pixels in three sums."""

from __future__ import annotations

import random

import numpy as np
import pytest

from motes.ir import Array
from motes.ops.conv.step import Rescale, fit, fit_moved
from motes.quant import requantize


def rescales(count: int, zero_point: int | None = None) -> list[Rescale]:
    """Rescalings whose sums can all be tried; some never leave one output."""
    rng = random.Random(3)
    made = []
    for _ in range(count):
        right = rng.randint(1, 12)
        reach = 1 << rng.randint(1, 15)
        zero = rng.choice((-128, 127, 0, rng.randint(-128, 127))) if zero_point is None else zero_point
        low, high = sorted(rng.randint(-reach, reach) for _ in range(2))
        made.append(Rescale(rng.randint(1 << 30, (1 << 31) - 1), right, zero, low, high))
    return made


def sums(rescale: Rescale) -> Array:
    return np.arange(rescale.low, rescale.high + 1, dtype=np.int64)


def test_thresholds_are_where_tflm_steps() -> None:
    for rescale in rescales(200):
        outputs, first = rescale.thresholds
        every = rescale(sums(rescale))
        for output, at in zip(outputs, first, strict=True):
            assert at == sums(rescale)[np.argmax(every >= output)], (rescale, output)


def stepped(rescale: Rescale, factor: int, shift: int, bias: int) -> Array | None:
    """What the core computes for every sum, in 32 bits, where a step function was found."""
    found = fit(rescale, factor, shift, bias)
    if found is None:
        return None
    multiplier, offset = found
    scaled = ((sums(rescale) - bias) * factor * multiplier >> 32) + offset
    assert scaled.min() >= -(1 << 31) and scaled.max() < 1 << 31, rescale
    return np.clip(scaled >> shift, -128, 127)


@pytest.mark.parametrize("factor", [256, 256 * 32, 256 * 45])
@pytest.mark.parametrize("zero_point", [None, -128])
def test_a_step_function_that_was_found_equals_tflm_for_every_sum(factor: int, zero_point: int | None) -> None:
    found = 0
    for i, rescale in enumerate(rescales(300, zero_point)):
        bias = random.Random(i).choice((0, 0, rescale.low, rescale.high, (rescale.low + rescale.high) // 2))
        outputs = stepped(rescale, factor, min(factor.bit_length() - 2 + rescale.right, 22), bias)
        if outputs is not None:
            found += 1
            np.testing.assert_array_equal(outputs, rescale(sums(rescale)), str(rescale))
    # Halves round away from zero: only outputs on one side of the zero point step evenly. ReLU's all do.
    assert found >= (60 if zero_point is None else 280)


def test_sums_that_are_moved_meet_step_functions_that_others_just_miss() -> None:
    moved = 0
    for rescale in rescales(300, -128):
        found = fit_moved(rescale, 256, 7)
        if found is not None:
            less, multiplier, offset = found
            moved += less != 0
            assert max(less - rescale.low, rescale.high - less) < 1 << 23
            scaled = ((sums(rescale) - less) * 256 * multiplier >> 32) + offset
            np.testing.assert_array_equal(np.clip(scaled >> 7, -128, 127), rescale(sums(rescale)), str(rescale))
    assert moved >= 20


def test_no_sums_are_moved_where_steps_lie_on_both_sides_of_the_zero_point() -> None:
    both = [r for r in rescales(300) if r(sums(r)).min() < r.zero_point < r(sums(r)).max()]
    assert len(both) > 40
    for rescale in both:
        found = fit(rescale, 256, 10)
        assert fit_moved(rescale, 256, 10) == (None if found is None else (0, *found))


def test_no_step_function_where_the_sum_does_not_fit() -> None:
    assert fit(Rescale((1 << 31) - 1, 20, 0, -(1 << 24), 1 << 24), 256, 22) is None


def test_rounding_on_the_core_equals_tflm_for_every_sum() -> None:
    for rescale in rescales(300):
        multiplier, offset, right = rescale.rounded
        high = (2 * sums(rescale) * multiplier + (1 << 31)) >> 32
        assert rescale.roundable
        np.testing.assert_array_equal(
            np.clip((high - (high < 0) + offset) >> right, -128, 127), rescale(sums(rescale)), str(rescale)
        )


def test_a_multiplier_of_zero_gives_the_zero_point() -> None:
    rescale = Rescale(0, 1, -7, -1000, 1000)
    assert rescale.constant == -7
    assert set(np.asarray(stepped(rescale, 256, 8, 0))) == {-7}
    assert set(requantize(sums(rescale), 0, -1) - 7) == {-7}


def test_three_sums_are_those_of_four_pixels() -> None:
    def wrap(values: Array) -> Array:
        return np.asarray(values.astype(np.uint32).astype(np.int32).astype(np.int64))

    ends = [-(1 << 23) + 1, -(1 << 16), -257, -256, -1, 0, 1, 255, 256, 1 << 16, (1 << 23) - 1]
    rng = np.random.default_rng(1)
    drawn = rng.integers(-(1 << 23) + 1, 1 << 23, (4, 10_000))
    four = np.hstack([np.array(np.meshgrid(*[ends] * 4)).reshape(4, -1), drawn])
    s0, s1, s2 = wrap(256 * four[:-1] + four[1:])
    d = wrap(wrap(s2 - 256 * wrap(s1 - 256 * s0)) << 8)  # each 256 times, as conv_fours_s8_dsp.h has it
    c = wrap(s2 - (d >> 8))
    b = wrap(s1 - (c >> 8))
    a = wrap(s0 - (b >> 8))
    np.testing.assert_array_equal(np.stack([a, b, c, d]), wrap(256 * four))
    np.testing.assert_array_equal(wrap(wrap(257 * drawn) * 0x00FF0100), wrap(256 * drawn))  # of a single pixel
