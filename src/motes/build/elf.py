"""What an ELF file says: sections, segments, symbols, and where Thumb code lies in it."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from motes.errors import BadInput

SYMBOL = struct.Struct("<IIIBBH")
"""An entry of a symbol table: name, value, size, information, visibility, section (System V ABI, chapter 4)."""
KINDS = ("NOTYPE", "OBJECT", "FUNC", "SECTION", "FILE", "COMMON", "TLS")
"""What the low four bits of the information say."""


@dataclass(frozen=True)
class Section:
    """A section that the running image has in memory; `data` is empty where the file holds none of it."""

    name: str
    address: int
    size: int
    writable: bool
    data: bytes


@dataclass(frozen=True)
class Symbol:
    """A function or object; `section` is its section's name, empty for an absolute value."""

    name: str
    address: int
    size: int
    kind: str
    section: str


@dataclass(frozen=True)
class Elf:
    """An ELF file, read once."""

    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]
    undefined: frozenset[str]
    """Names that an object file leaves for others to define."""
    machine: str
    """As ELF names it: "EM_ARM", "EM_RISCV"."""
    segments: tuple[tuple[int, bytes], ...]
    """The bytes to load, each with the address it is stored at (in flash, even where it runs from RAM)."""

    def section(self, name: str) -> Section | None:
        """The section called `name`, if there is one."""
        return next((s for s in self.sections if s.name == name), None)

    def symbol(self, name: str) -> Symbol | None:
        """The symbol called `name`, if there is one."""
        return next((s for s in self.symbols if s.name == name), None)


def read_elf(data: bytes) -> Elf:
    """An ELF image or object file.

    Raises:
        BadInput: it is not one.
    """
    try:
        file = ELFFile(io.BytesIO(data))
        if file.elfclass != 32 or not file.little_endian:
            raise ELFError("it is not of 32 bits, little-endian")
        machine = str(file["e_machine"])
        everything = list(file.iter_sections())
        names = [s.name for s in everything]
        entries = [entry for s in everything if isinstance(s, SymbolTableSection) for entry in _entries(s)]
        symbols = [
            Symbol(name, value, size, kind, names[section] if section < len(names) else "")
            for name, value, size, kind, section in entries
            if section
        ]
        undefined = frozenset(name for name, _, _, _, section in entries if name and not section)
        sections = [
            Section(
                s.name,
                s["sh_addr"],
                s["sh_size"],
                bool(s["sh_flags"] & SH_FLAGS.SHF_WRITE),
                b"" if s["sh_type"] == "SHT_NOBITS" else s.data(),
            )
            for s in everything
            if s["sh_flags"] & SH_FLAGS.SHF_ALLOC and s["sh_size"]
        ]
        segments = [
            (s["p_paddr"], s.data()) for s in file.iter_segments() if s["p_type"] == "PT_LOAD" and s["p_filesz"]
        ]
    except (ELFError, KeyError, IndexError, ValueError, struct.error) as error:
        raise BadInput(f"not an ELF file that can be read ({error})") from None
    return Elf(tuple(sections), tuple(symbols), undefined, machine, tuple(sorted(segments)))


def _entries(table: SymbolTableSection) -> Iterator[tuple[str, int, int, str, int]]:
    """Each symbol's name, value, size, kind and number of its section, 0: none; elftools takes very much longer."""
    strings = table.stringtable.data()
    for at, value, size, info, _, section in SYMBOL.iter_unpack(table.data()):
        kind = KINDS[info & 15] if info & 15 < len(KINDS) else ""
        yield strings[at : strings.index(b"\0", at)].decode(errors="replace"), value, size, kind, section
