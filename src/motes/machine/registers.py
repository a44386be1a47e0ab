"""Several registers of the emulated core in one call: an interrupt moves up to 25, twice."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from unicorn.unicorn_py3 import unicorn as unicorn_module

_library: Any = unicorn_module.uclib


class RegisterSet:
    """A fixed list of registers.

    Args:
        emulator: Unicorn's handle.
        numbers: Unicorn's numbers of the registers.
    """

    def __init__(self, emulator: Any, numbers: Sequence[int]) -> None:
        self._emulator, self._count = emulator, len(numbers)
        self._numbers = (ctypes.c_int * self._count)(*numbers)
        self._values = (ctypes.c_uint64 * self._count)()
        start, size = ctypes.addressof(self._values), ctypes.sizeof(ctypes.c_uint64)
        self._places = (ctypes.c_void_p * self._count)(*(start + size * i for i in range(self._count)))

    def read(self) -> list[int]:
        """The values, in the order of the numbers."""
        _library.uc_reg_read_batch(self._emulator, self._numbers, self._places, self._count)
        return [value & 0xFFFFFFFF for value in self._values]

    def write(self, values: Sequence[int]) -> None:
        """Set all of them."""
        self._values[:] = list(values)
        _library.uc_reg_write_batch(self._emulator, self._numbers, self._places, self._count)
