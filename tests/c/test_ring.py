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


@pytest.fixture(scope="module")
def driver() -> ctypes.CDLL:
    library = host.library({"ring.h": (COMMON / "ring.h").read_text(), "driver.c": DRIVER.read_text()})
    library.driver_read.restype = ctypes.c_uint64
    library.driver_dropped.restype = ctypes.c_uint32
    return library


class Model:
    """What a ring is to do, on a list of everything that it ever took."""

    def __init__(self, capacity: int, length: int, stride: int) -> None:
        self.capacity, self.length, self.stride = capacity, length, stride
        self.items: list[int] = []
        self.times: list[int] = []
        self.taken = self.dropped = 0

    def write(self, items: list[int], time: int) -> None:
        waiting = max(0, len(self.items) - self.taken * self.stride)
        if waiting + len(items) > self.capacity:
            self.dropped += len(items)
            return
        self.items += items
        while len(self.items) >= len(self.times) * self.stride + self.length:
            self.times.append(time)

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
    driver.driver_start(capacity, length, stride, slots, before)
    model = Model(capacity, length, stride)
    serial, clock = 0, 1 << 40
    for write in data.draw(st.lists(st.booleans(), min_size=20, max_size=80)):
        if write:
            count = data.draw(st.integers(1, capacity + 1))
            items = np.arange(serial, serial + count, dtype=np.uint32)
            serial, clock = serial + count, clock + count
            driver.driver_write(ctypes.c_void_p(items.ctypes.data), count, ctypes.c_uint64(clock))
            model.write(items.tolist(), clock)
        elif model.due:
            window = np.zeros(length, np.uint32)
            stamp = driver.driver_read(ctypes.c_void_p(window.ctypes.data))
            assert (window.tolist(), stamp) == model.read()
        assert bool(driver.driver_due()) == model.due
        assert driver.driver_dropped() == model.dropped


def test_a_window_after_a_drop_has_the_clock_of_its_last_buffer(driver):
    driver.driver_start(8, 4, 4, 2, 0)
    for i in range(4):  # the third and fourth find no room
        driver.driver_write(ctypes.c_void_p(np.full(4, i, np.uint32).ctypes.data), 4, ctypes.c_uint64(4 * (i + 1)))
    window = np.zeros(4, np.uint32)
    stamps = [driver.driver_read(ctypes.c_void_p(window.ctypes.data)) for _ in range(2)]
    items = np.full(4, 9, np.uint32)
    driver.driver_write(ctypes.c_void_p(items.ctypes.data), 4, ctypes.c_uint64(20))
    stamps.append(driver.driver_read(ctypes.c_void_p(window.ctypes.data)))
    assert stamps == [4, 8, 20]
    assert (window.tolist(), driver.driver_dropped()) == ([9] * 4, 8)
