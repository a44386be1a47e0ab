"""Rings against a model of lists: windows, gaps, drops and stamps, also where the counts wrap."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motes.build import host
from motes.emit.text import COMMON

DRIVER = Path(__file__).with_name("ring_driver.c")
WRAP = 1 << 32
GAP = 1 << 63


@pytest.fixture(scope="module")
def driver() -> ctypes.CDLL:
    library = host.library({"ring.h": (COMMON / "ring.h").read_text(), "driver.c": DRIVER.read_text()})
    library.driver_read.restype = ctypes.c_uint64
    library.driver_dropped.restype = ctypes.c_uint32
    return library


class Model:
    """What a ring is to do, on a list of everything that it ever took."""

    def __init__(self, capacity: int, length: int, stride: int, whole: int = 0, early: int = 0) -> None:
        self.capacity, self.length, self.stride, self.whole = capacity, length, stride, whole
        self.items: list[int] = [0] * early
        self.rows: list[int] = [0] * early  # of each item: how many in a row have come with it
        self.times: list[int] = []
        self.taken = self.dropped = self.row = 0

    def write(self, items: list[int], time: int) -> None:
        waiting = max(0, len(self.items) - self.taken * self.stride)
        if waiting + len(items) > self.capacity:
            self.dropped += len(items)
            self.row = 0
            return
        self.items += items
        for _ in items:
            self.row = 0 if time & GAP else self.row + 1
            self.rows.append(self.row)
        while len(self.items) >= (end := len(self.times) * self.stride + self.length):
            self.times.append(time if self.rows[end - 1] >= self.whole else time | GAP)

    @property
    def due(self) -> bool:
        return self.taken < len(self.times)

    def read(self) -> tuple[list[int], int]:
        start = self.taken * self.stride
        self.taken += 1
        return self.items[start : start + self.length], self.times[self.taken - 1]


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_ring_is_what_its_model_is(driver, data):
    length, stride = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 30))
    capacity = length + data.draw(st.integers(0, 40))
    slots = 1 << ((capacity - length) // stride).bit_length()
    # So many windows have been before that the count of windows, or of items, is about to wrap.
    before = data.draw(st.sampled_from((0, WRAP - 3, WRAP // stride - 1)))
    whole, early = length + data.draw(st.integers(0, 30)), data.draw(st.integers(0, min(stride, length) - 1))
    driver.driver_start(capacity, length, stride, slots, before, whole, early)
    model = Model(capacity, length, stride, whole, early)
    serial, clock = 0, 1 << 40
    for kind in data.draw(st.lists(st.integers(0, 20), min_size=20, max_size=80)):
        if kind == 0:
            driver.driver_break()
            model.row = 0
        elif kind <= 10:
            count = data.draw(st.integers(1, capacity + 1))
            items = np.arange(serial, serial + count, dtype=np.uint32)
            serial, clock = serial + count, (clock + count) % GAP + GAP * (kind == 1)
            driver.driver_write(ctypes.c_void_p(items.ctypes.data), count, ctypes.c_uint64(clock))
            model.write(items.tolist(), clock)
        elif model.due:
            window = np.zeros(length, np.uint32)
            stamp = driver.driver_read(ctypes.c_void_p(window.ctypes.data))
            assert (window.tolist(), stamp) == model.read()
        assert bool(driver.driver_due()) == model.due
        assert driver.driver_dropped() == model.dropped


def test_a_window_after_a_drop_has_the_clock_of_its_last_buffer(driver):
    driver.driver_start(8, 4, 4, 2, 0, 4, 0)
    for i in range(4):  # the third and fourth find no room
        driver.driver_write(ctypes.c_void_p(np.full(4, i, np.uint32).ctypes.data), 4, ctypes.c_uint64(4 * (i + 1)))
    window = np.zeros(4, np.uint32)
    stamps = [driver.driver_read(ctypes.c_void_p(window.ctypes.data)) for _ in range(2)]
    items = np.full(4, 9, np.uint32)
    driver.driver_write(ctypes.c_void_p(items.ctypes.data), 4, ctypes.c_uint64(20))
    stamps.append(driver.driver_read(ctypes.c_void_p(window.ctypes.data)))
    assert stamps == [4, 8, 20]
    assert (window.tolist(), driver.driver_dropped()) == ([9] * 4, 8)


def test_windows_are_whole_again_when_as_many_in_a_row_have_come(driver):
    driver.driver_start(8, 2, 2, 4, 0, 6, 1)  # a reader that keeps four items; one counts as there
    window, whole = np.zeros(2, np.uint32), []

    def write(first: int, count: int, stamp: int = 0) -> None:
        items = np.arange(first, first + count, dtype=np.uint32)
        driver.driver_write(ctypes.c_void_p(items.ctypes.data), count, ctypes.c_uint64(stamp))
        while driver.driver_due():
            whole.append(driver.driver_read(ctypes.c_void_p(window.ctypes.data)) & GAP == 0)

    write(1, 7)
    assert whole == [False, False, False, True] and window.tolist() == [6, 7]
    write(8, 9)  # finds no room
    write(17, 6)
    assert whole[4:] == [False, False, True]
    write(23, 2, GAP)  # made of something with a gap
    write(25, 6)
    assert whole[7:] == [False, False, False, True]
