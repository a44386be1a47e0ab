"""An image as the machine needs it: bytes to load, symbols, and the source line of an address."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.common.exceptions import DWARFError, ELFError
from elftools.elf.elffile import ELFFile

from motes.errors import BadInput

MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, order=True)
class Function:
    """A function and where its code lies; the address is that of its first instruction."""

    address: int
    size: int
    name: str


@dataclass(frozen=True)
class Image:
    """A linked program."""

    path: Path
    segments: tuple[tuple[int, bytes], ...]
    """What lies in flash: load address and bytes."""
    symbols: dict[str, int]
    sizes: dict[str, int]
    functions: tuple[Function, ...]
    """By address."""

    def function_at(self, address: int) -> str:
        """The name of the function that this code address belongs to, or "?"."""
        i = bisect.bisect_right(self.functions, address, key=lambda f: f.address) - 1
        # Symbols may share an address or lie inside one another: look a few places back.
        for f in reversed(self.functions[max(0, i - 4) : i + 1]):
            if f.address <= address < f.address + max(f.size, 2):
                return f.name
        return "?"

    def address(self, place: int | str) -> int:
        """The address of a symbol, or the address itself; without the Thumb bit for a function.

        Raises:
            BadInput: the image has no such symbol.
        """
        if isinstance(place, int):
            return place
        if place not in self.symbols:
            raise BadInput(f"{self.path}: has no symbol {place!r}; build the image again, and do not strip it")
        return self.symbols[place]

    def line_at(self, address: int) -> str:
        """The source line of a code address, as "file.c:12"; empty without debug information."""
        try:
            with self.path.open("rb") as file:
                return _line(ELFFile(file), address)
        except (OSError, ELFError, DWARFError, KeyError, ValueError):
            return ""


def read_image(path: Path) -> Image:
    """Read an ELF file for 32-bit Arm.

    Raises:
        BadInput: it cannot be read, or is no such file.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path}: larger than {MAX_BYTES} bytes; this is not an image for a microcontroller")
        with path.open("rb") as file:
            elf = ELFFile(file)
            if (elf["e_machine"], elf["e_type"], elf.elfclass) != ("EM_ARM", "ET_EXEC", 32):
                raise BadInput(f"{path}: not a linked program for 32-bit Arm; give the .elf that `motes build` wrote")
            segments = tuple((s["p_paddr"], s.data()) for s in _loaded(elf))
            return Image(path, segments, *_symbols(elf))
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror})") from None
    except (ELFError, KeyError, ValueError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: not a readable ELF file ({error}); give the .elf that `motes build` wrote") from None


def _loaded(elf: Any) -> Iterator[Any]:
    return (s for s in elf.iter_segments() if s["p_type"] == "PT_LOAD" and s["p_filesz"])


def _symbols(elf: Any) -> tuple[dict[str, int], dict[str, int], tuple[Function, ...]]:
    table = elf.get_section_by_name(".symtab")
    found = [s for s in table.iter_symbols() if s["st_shndx"] != "SHN_UNDEF" and s.name] if table else []
    is_code = [s["st_info"]["type"] == "STT_FUNC" for s in found]
    addresses = {s.name: s["st_value"] & ~code for s, code in zip(found, is_code, strict=True)}
    functions = (Function(s["st_value"] & ~1, s["st_size"], s.name) for s, c in zip(found, is_code, strict=True) if c)
    return addresses, {s.name: s["st_size"] for s in found}, tuple(sorted(functions))


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
