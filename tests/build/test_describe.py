"""The text of a detection: the same integer arithmetic on every target, for every time and score."""

from __future__ import annotations

import ctypes
from fractions import Fraction

import pytest

from motes.build import host
from motes.emit.text import COMMON

C = """
#include "describe.h"
uint64_t microseconds(uint64_t items, uint32_t numerator, uint32_t denominator);
uint64_t microseconds(uint64_t items, uint32_t numerator, uint32_t denominator) {
    return motes_microseconds(items, numerator, denominator);
}
void millionths(int64_t micro, char *text);
void millionths(int64_t micro, char *text) { *motes_put_millionths(text, micro) = 0; }
void text(char *to, const char *from);
void text(char *to, const char *from) { *motes_put_text(to, from) = 0; }
"""


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    found = host.library({"cases.c": C, "describe.h": (COMMON / "describe.h").read_text("utf-8")})
    found.microseconds.restype = ctypes.c_uint64
    found.microseconds.argtypes = (ctypes.c_uint64, ctypes.c_uint32, ctypes.c_uint32)
    return found


YEAR_S = 366 * 86_400
RATES = [Fraction(n) for n in (4000, 16_000, 44_101, 96_000)]
RATES += [Fraction(n, 1000) for n in (100, 49_999_999, 33_333, 240_000 * 4096)]


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_times_are_exact_for_years(library: ctypes.CDLL, rate: Fraction) -> None:
    micros = 1_000_000 / rate
    for items in (0, 1, 7, int(rate) + 1, 86_400 * int(rate + 1) + 5, 10 * YEAR_S * int(rate + 1) + 3):
        found = library.microseconds(items, micros.numerator, micros.denominator)
        assert found == items * micros.numerator // micros.denominator


@pytest.mark.parametrize("micro", [0, 1, -1, 999_999, 1_000_000, -1_500_000, 136 * YEAR_S * 10**6 - 1])
def test_millionths(library: ctypes.CDLL, micro: int) -> None:
    text = ctypes.create_string_buffer(40)
    library.millionths(ctypes.c_int64(micro), text)
    whole, rest = divmod(abs(micro), 1_000_000)
    assert text.value.decode() == f"{'-' * (micro < 0)}{whole}.{rest:06}"
