"""What Unicorn calls, `blocks.c` and `pages.c`, compiled for this machine once and kept in the cache."""

from __future__ import annotations

import ctypes
from pathlib import Path

from motes.build import cache, toolchain

SOURCE = Path(__file__).with_name("blocks.c")
PAGES = Path(__file__).with_name("pages.c")
NOT_AN_ADDRESS = 1  # odd: no block starts there


class Block(ctypes.Structure):
    """`block` of blocks.c."""

    _fields_ = (
        ("instructions", ctypes.c_uint64),
        ("cycles", ctypes.c_uint64),
        ("reliances", ctypes.c_uint64),
        ("size", ctypes.c_uint32),
        ("length", ctypes.c_uint16),
        ("cost", ctypes.c_uint16),
        ("taken", ctypes.c_uint8),
        ("fallen", ctypes.c_uint8),
        ("watched", ctypes.c_uint8),
    )


Learn = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_uint32)
Misaligned = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_uint32)
Visit = ctypes.CFUNCTYPE(None, ctypes.c_uint64)


class Ledger(ctypes.Structure):
    """`ledger` of blocks.c."""

    _fields_ = (
        ("blocks", ctypes.POINTER(Block)),
        ("first", ctypes.c_uint64),
        ("count", ctypes.c_uint64),
        ("instructions", ctypes.c_uint64),
        ("clock", ctypes.c_uint64),
        ("limit", ctypes.c_uint64),
        ("watched_return", ctypes.c_uint64),
        ("previous", ctypes.c_uint64),
        ("previous_end", ctypes.c_uint64),
        ("accounted", ctypes.c_uint64),
        ("stopped", ctypes.c_uint32),
        ("masked", ctypes.c_uint32),
        ("registers", ctypes.c_uint64 * 15),
        ("mask", ctypes.c_uint64),
        ("mask_bit", ctypes.c_uint32),
        ("masked_by", ctypes.c_uint32),
        ("stop", ctypes.c_void_p),
        ("read_register", ctypes.c_void_p),
        ("learn", Learn),
        ("visit", Visit),
        ("misaligned", Misaligned),
    )


class Memory(ctypes.Structure):
    """`memory` of pages.c."""

    _fields_ = (
        ("ram", ctypes.c_uint64),
        ("ram_end", ctypes.c_uint64),
        ("conditions", ctypes.c_uint64),
        ("conditions_bits", ctypes.c_uint64),
        ("read_register", ctypes.c_void_p),
        ("write_register", ctypes.c_void_p),
    )


def callbacks() -> ctypes.CDLL:
    """The library with `motes_on_block` and `motes_on_page`.

    Raises:
        BuildFailed: it does not compile.
        BadInput: the cache folder cannot be written.
    """
    compiler = toolchain.for_host()
    texts = {path.name: path.read_bytes() for path in (SOURCE, PAGES)}
    name = cache.digest("callbacks", compiler.key, *texts.values())
    path = cache.find(name)
    if path is None:
        with cache.workshop() as where:
            for unit, text in texts.items():
                (where / unit).write_bytes(text)
            compiler.link([*texts], "callbacks.so", where)
            path = cache.keep(name, (where / "callbacks.so").read_bytes())
    return ctypes.CDLL(str(path))
