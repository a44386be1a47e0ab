"""What an ELF file says: sections, segments, symbols, and where Thumb code lies in it."""

from __future__ import annotations

import io
from dataclasses import dataclass

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from motes.errors import BadInput


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
        machine = str(file["e_machine"])
        names = [s.name for s in file.iter_sections()]
        tables = [table for table in file.iter_sections() if isinstance(table, SymbolTableSection)]
        entries = [entry for table in tables for entry in table.iter_symbols()]
        symbols = [
            Symbol(
                entry.name,
                entry["st_value"],
                entry["st_size"],
                entry["st_info"]["type"].removeprefix("STT_"),
                names[entry["st_shndx"]] if isinstance(entry["st_shndx"], int) else "",
            )
            for entry in entries
            if entry["st_shndx"] != "SHN_UNDEF"
        ]
        undefined = frozenset(entry.name for entry in entries if entry["st_shndx"] == "SHN_UNDEF" and entry.name)
        sections = [
            Section(
                s.name,
                s["sh_addr"],
                s["sh_size"],
                bool(s["sh_flags"] & SH_FLAGS.SHF_WRITE),
                b"" if s["sh_type"] == "SHT_NOBITS" else s.data(),
            )
            for s in file.iter_sections()
            if s["sh_flags"] & SH_FLAGS.SHF_ALLOC and s["sh_size"]
        ]
        segments = [
            (s["p_paddr"], s.data()) for s in file.iter_segments() if s["p_type"] == "PT_LOAD" and s["p_filesz"]
        ]
    except (ELFError, KeyError, IndexError, ValueError) as error:
        raise BadInput(f"not an ELF file that can be read ({error})") from None
    return Elf(tuple(sections), tuple(symbols), undefined, machine, tuple(sorted(segments)))
