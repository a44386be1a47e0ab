"""Registers of the emulated core, by the emulator's own functions.

An application's run reads and writes five a millisecond; Unicorn's binding takes several microseconds for each.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from unicorn.unicorn_py3 import unicorn as unicorn_module

_library: Any = unicorn_module.uclib
_ALL = 0xFFFFFFFF


class RegisterFile:
    """Single registers.

    Args:
        emulator: Unicorn's handle.
    """

    def __init__(self, emulator: Any) -> None:
        self._emulator = emulator
        self._value = ctypes.c_uint64()
        self._place = ctypes.byref(self._value)

    def __getitem__(self, number: int) -> int:
        """The value of a register, by Unicorn's number of it."""
        self._value.value = 0
        _library.uc_reg_read(self._emulator, number, self._place)
        return self._value.value & _ALL

    def __setitem__(self, number: int, value: int) -> None:
        self._value.value = value
        _library.uc_reg_write(self._emulator, number, self._place)


class RegisterSet:
    """A fixed list of registers in one call: an interrupt moves up to 25, twice.

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
        return [value & _ALL for value in self._values]

    def write(self, values: Sequence[int]) -> None:
        """Set all of them."""
        self._values[:] = list(values)
        _library.uc_reg_write_batch(self._emulator, self._numbers, self._places, self._count)
