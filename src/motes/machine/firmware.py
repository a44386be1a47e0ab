"""An image as the machine needs it: bytes to load, symbols, functions, and the source line of an address."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from elftools.common.exceptions import DWARFError, ELFError
from elftools.elf.elffile import ELFFile

from motes.build.elf import Symbol, read_elf
from motes.errors import BadInput

MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Firmware:
    """A linked program. Addresses of functions are those of their first instructions, without the Thumb bit."""

    path: Path
    segments: tuple[tuple[int, bytes], ...]
    """What lies in flash: load address and bytes."""
    symbols: dict[str, Symbol]
    functions: tuple[tuple[int, int, str], ...]
    """Address, size and name, by address."""

    def function_at(self, address: int) -> str:
        """The name of the function that this code address belongs to, or "?"."""
        i = bisect.bisect_right(self.functions, address, key=lambda f: f[0]) - 1
        # Symbols may share an address or lie inside one another: look a few places back.
        for start, size, name in reversed(self.functions[max(0, i - 4) : i + 1]):
            if start <= address < start + max(size, 2):
                return name
        return "?"

    def address(self, place: int | str) -> int:
        """The address of a symbol, or the address itself.

        Raises:
            BadInput: there is no such symbol.
        """
        if isinstance(place, int):
            return place
        if place not in self.symbols:
            raise BadInput(f"{self.path}: has no symbol {place!r}; build the image again, and do not strip it")
        return self.symbols[place].address

    def code(self, place: int | str) -> int:
        """The address of a function or of other code, without the Thumb bit.

        Raises:
            BadInput: there is no such symbol.
        """
        return self.address(place) & ~1

    def extent(self, name: str) -> tuple[int, int]:
        """The address of a symbol, and its size in bytes.

        Raises:
            BadInput: there is no such symbol.
        """
        return self.address(name), self.symbols[name].size

    @property
    def stack(self) -> tuple[int, int]:
        """The lowest address of the stack, and the one behind its highest.

        Raises:
            BadInput: the image does not say.
        """
        return self.address("__stack_limit"), self.address("__stack_top")

    def line_at(self, address: int) -> str:
        """The source line of a code address, as "file.c:12"; empty without debug information."""
        try:
            with self.path.open("rb") as file:
                return _line(ELFFile(file), address)
        except (OSError, ELFError, DWARFError, KeyError, IndexError, ValueError):
            return ""


def read_firmware(path: Path) -> Firmware:
    """Read a linked program for 32-bit Arm or RISC-V.

    Raises:
        BadInput: it cannot be read, or is no such file.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path}: larger than {MAX_BYTES} bytes; this is not an image for a microcontroller")
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    try:
        elf = read_elf(data)
    except BadInput as error:
        raise BadInput(f"{path}: {error}; give the .elf that `motes build` wrote") from None
    code = [replace(s, address=s.address & ~1) for s in elf.symbols if s.kind == "FUNC"]
    functions = tuple(sorted((s.address, s.size, s.name) for s in code))
    return Firmware(path, elf.segments, {s.name: s for s in (*elf.symbols, *code)}, functions)


def _line(elf: Any, address: int) -> str:
    """The file and line of the row of the line table that covers the address."""
    if not elf.has_dwarf_info():
        return ""
    dwarf = elf.get_dwarf_info()
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        before = None
        for entry in program.get_entries() if program else ():
            row = entry.state
            if row is None:
                continue
            if before is not None and before.address <= address < row.address:
                first = 0 if program.header["version"] >= 5 else 1
                name = program.header["file_entry"][before.file - first].name
                return f"{name.decode(errors='replace')}:{before.line}"
            before = None if row.end_sequence else row
    return ""
