"""What an image takes of flash and RAM, by part, and whether the chip has it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from motes.build.elf import Elf, Symbol
from motes.errors import DoesNotFit
from motes.target import Chip, Region

INPUT_SECTION = ".motes_input"
"""What a profile image copies into its inputs: no part of what the model costs."""
STACK_SECTION = ".stack"
SIZED = ("FUNC", "OBJECT")
"""The kinds of symbols that take room."""
HEAVIEST = 5
"""Symbols that a complaint about size names."""
ROOM = 1 << 28
"""Bytes of each memory that a draft is linked into, whatever the chip has."""


@dataclass(frozen=True)
class Flash:
    """Bytes of flash: all loadable segments of the file, without the inputs of a profile image."""

    code: int
    weights: int
    tables: int
    startup: int
    total: int


@dataclass(frozen=True)
class Ram:
    """Bytes of RAM: all its sections. `stack` is what is reserved; `data` is everything else."""

    data: int
    stack: int
    total: int


def measure(elf: Elf, prefix: str, startup: Collection[str], ram: Region) -> tuple[Flash, Ram]:
    """What an image takes of flash and RAM, by part; see `link`.

    Args:
        startup: names of functions and objects that come from the board.
        ram: of the chip.
    """
    inputs = elf.section(INPUT_SECTION)
    stack = elf.section(STACK_SECTION)
    in_flash = {s.name for s in elf.sections if s.address not in ram}
    sizes: dict[int, tuple[int, str]] = {}  # by address: aliases count once
    for s in elf.symbols:
        if s.kind in SIZED and s.section in in_flash and s.section != INPUT_SECTION:
            sizes[s.address] = max(sizes.get(s.address, (0, "")), (s.size, _part(s, prefix, startup)))
    parts = {part: sum(size for size, p in sizes.values() if p == part) for part in ("weights", "tables", "startup")}
    flash = sum(len(data) for _, data in elf.segments) - (inputs.size if inputs else 0)
    reserved = stack.size if stack else 0
    in_ram = sum(s.size for s in elf.sections if s.address in ram)
    return Flash(flash - sum(parts.values()), **parts, total=flash), Ram(in_ram - reserved, reserved, in_ram)


def _part(symbol: Symbol, prefix: str, startup: Collection[str]) -> str:
    if symbol.name in startup:
        return "startup"
    kind = re.match(rf"{re.escape(prefix)}_([wtp])_", symbol.name) if symbol.kind == "OBJECT" else None
    return {"w": "weights", "t": "tables", "p": "tables"}[kind[1]] if kind else "code"


def check_fit(elf: Elf, stack: int, board: str, chip: Chip) -> None:
    """Whether the image, linked into more memory than there is, fits with `stack` more bytes of RAM.

    Raises:
        DoesNotFit: it does not: by how much, and which parts weigh most.
    """
    in_ram = {s.name for s in elf.sections if s.address in Region(chip.ram.start, ROOM)}
    needed = {
        "flash": (sum(len(data) for _, data in elf.segments), chip.flash.size),
        "RAM": (sum(s.size for s in elf.sections if s.name in in_ram) + stack, chip.ram.size),
    }
    weighed = sorted(((s.size, s.name, s.section in in_ram) for s in elf.symbols if s.kind in SIZED), reverse=True)
    found = []
    for memory, (size, limit) in needed.items():
        if size > limit:
            parts = [f"{name} {bytes_}" for bytes_, name, inside in weighed if inside == (memory == "RAM")]
            parts += [f"the stack {stack}"] if memory == "RAM" else []
            found.append(
                f"{size} bytes of {memory}, {size - limit} more than its {limit}; "
                f"most weigh {', '.join(parts[:HEAVIEST])}"
            )
    if found:
        raise DoesNotFit(
            f"the image takes {' and '.join(found)}; choose a board with more memory than {board}, or a smaller model"
        )
