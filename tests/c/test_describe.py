"""Detections as text: exact after years, at any rate and for any score."""

from __future__ import annotations

import ctypes
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motes.build import host
from motes.emit.application import TEXT, rational
from motes.emit.text import COMMON

DRIVER = Path(__file__).with_name("describe_driver.c")
LABELS = ("", "yes", "a longer label")
YEAR = 365 * 24 * 60 * 60


@pytest.fixture(scope="module")
def driver() -> ctypes.CDLL:
    return host.library({"describe.h": (COMMON / "describe.h").read_text(), "driver.c": DRIVER.read_text()})


def described(driver, rate: Fraction, scale: float, items: int, score: int, sink: int, label: int) -> str:
    micros, found = Fraction(1_000_000) / rate, rational(scale * 1e6)
    text = ctypes.create_string_buffer(b"\x7f" * 200, 200)
    numbers = (micros.numerator, micros.denominator, found.multiplier, found.shift)
    length = driver.driver_describe(
        *map(ctypes.c_uint32, numbers), ctypes.c_uint64(items), ctypes.c_int32(score), sink, label, text
    )
    assert length == len(text.value) < TEXT + len(LABELS[label])
    assert text.raw[length + 1 :] == b"\x7f" * (199 - length)
    return text.value.decode()


@settings(max_examples=300, deadline=None)
@given(
    st.integers(100, 50_000_000).map(lambda mhz: Fraction(mhz, 1000)),
    st.floats(1e-9, 2000),
    st.integers(0, 1000 * YEAR),
    st.integers(-(1 << 31), (1 << 31) - 1),
    st.integers(0, 65535),
    st.integers(0, 2),
)
def test_times_and_scores_are_exact(driver, rate, scale, seconds, score, sink, label):
    items = int(seconds * rate)
    time_s, value, its_sink, its_label, *text = described(driver, rate, scale, items, score, sink, label).split(" ")
    assert 0 <= items / rate - Fraction(time_s) < Fraction(1, 1_000_000)
    assert abs(Fraction(value) - score * Fraction(scale)) <= abs(score * Fraction(scale)) / (1 << 27) + Fraction(
        1, 10**6
    )
    assert (int(its_sink), int(its_label)) == (sink, label)
    assert " ".join(text) == LABELS[label] + "\n"


def test_a_rate_in_small_steps_keeps_time_for_months(driver):
    rate = Fraction(12_345_678, 1000)
    text = described(driver, rate, 0.5, int(rate * YEAR) + 1, 2, 0, 1)
    assert text == "31536000.000081 1.000000 0 1 yes\n"
