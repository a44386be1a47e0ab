"""Cores and boards: what their TOML files say, checked once.

A core is one file, `cores/<name>.toml`. A board is one folder with a `board.toml`, a linker script, start-up code and
the C behind `boards/board.h`; it lies in `boards/`, or anywhere on the user's disk. The C and the peripherals that it
lacks are those of the board that it names with `like`.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from motes import bounded
from motes.errors import BadInput

HERE = Path(__file__).parent
MAX_TOML_BYTES = 64 * 1024
PAGE = 4096
"""Bytes of the smallest piece of the address space that can be a memory's or a peripheral's own."""
MOST_MEMORY = 1 << 28
"""Bytes of a memory: no microcontroller has more, and drafts of images are linked into so much."""
LAST_INTERRUPT = 239
"""Source: Armv7-M Architecture Reference Manual, B1.5.3: up to 496; cores of the family implement 240."""


@dataclass(frozen=True)
class Core:
    """A processor core: how to compile for it, and what its kernels may use."""

    name: str
    features: frozenset[str]
    """What kernels ask for in `Kernel.needs`: "dsp", "fpu", "mve"."""
    zig_target: str
    """Zig's target triple, such as "thumb-freestanding-eabihf"; empty on the host."""
    mcpu: str
    """Zig's name of the core and its floating-point unit, such as "cortex_m4+vfp4d16sp"."""
    gcc_flags: tuple[str, ...]
    """Arguments of arm-none-eabi-gcc that choose it; none where that compiler has no such core."""
    flags: tuple[str, ...] = ()
    """Arguments for either compiler."""
    model: str = ""
    """The emulator's name of it, such as "cortex-m4"; empty where the emulator has none."""
    timing: str = ""
    """The file in `machine/timing` that says what its instructions cost."""
    caveat: str = ""
    """How near to silicon its cycles are, in a sentence; reports show it."""


@dataclass(frozen=True)
class Region:
    """A range of addresses, in bytes."""

    start: int
    size: int

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.start + self.size

    def __contains__(self, address: int) -> bool:
        return self.start <= address < self.end


@dataclass(frozen=True)
class Current:
    """A typical current in microamperes, and where the figure comes from."""

    ua: float
    source: str


@dataclass(frozen=True)
class Peripheral:
    """A device of a board; `base` is there where Motes itself models its registers."""

    name: str
    base: int | None
    irq: int | None
    currents: Mapping[str, Current]
    """Drawn while it is on, by what draws it: "sensor", "interface"."""


@dataclass(frozen=True)
class Chip:
    """What only a board with a microcontroller has."""

    name: str
    clock_hz: int
    flash: Region
    ram: Region
    volts: float
    run: Current
    sleep: Current


@dataclass(frozen=True)
class Board:
    """A board: its core, its chip, its peripherals, and the folder with its C."""

    name: str
    title: str
    core: Core
    chip: Chip | None
    """None on the host."""
    peripherals: Mapping[str, Peripheral]
    folder: Path
    like: Path | None = None
    """The folder of the board whose C serves where it has none of its own."""

    @property
    def defines(self) -> tuple[str, ...]:
        """Compiler arguments for the board's own C: `-DMICROPHONE_BASE=0x40010000u`, `-DMICROPHONE_IRQ=0`, ..."""
        found = [("BOARD_CLOCK_HZ", f"{self.chip.clock_hz}u")] if self.chip else []
        for p in self.peripherals.values():
            found += [(f"{p.name.upper()}_BASE", f"{p.base:#010x}u")] if p.base is not None else []
            found += [(f"{p.name.upper()}_IRQ", str(p.irq))] if p.irq is not None else []
        return tuple(f"-D{name}={value}" for name, value in found)

    @property
    def startup(self) -> Path:
        """The vector table and the reset handler: all that a profile image takes from the board."""
        return self._file("startup.c")

    @property
    def headers(self) -> tuple[Path, ...]:
        """What its C files include, to be copied beside them."""
        folders = (self.folder,) if self.like is None else (self.like, self.folder)
        own = {path.name: path for folder in folders for path in sorted(folder.glob("*.h"))}
        return (HERE / "boards" / "board.h", *own.values())

    @property
    def link_script(self) -> Path:
        """The linker script; where it says `INCLUDE memory.ld`, `memory_script` belongs there."""
        return self._file("link.ld")

    @property
    def memory_script(self) -> str:
        """The part of a linker script that says what memory there is."""
        assert self.chip is not None, self
        regions = (("FLASH (rx)", self.chip.flash), ("RAM (rw)", self.chip.ram))
        rows = (f"    {name} : ORIGIN = {r.start:#010x}, LENGTH = {r.size:#x}\n" for name, r in regions)
        return f"MEMORY\n{{\n{''.join(rows)}}}\n"

    def sources(self, peripherals: Iterable[str]) -> tuple[Path, ...]:
        """The C files of an application that uses these peripherals: what every application needs, and theirs.

        Raises:
            BadInput: the board has no such peripheral.
        """
        for name in peripherals:
            if name not in self.peripherals:
                has = ", ".join(sorted(self.peripherals))
                raise BadInput(f"board {self.name} has no {name}; it has {has}; choose another board or source")
        names = ["startup", "io", *sorted(peripherals)]
        return tuple(p for p in (self._file(f"{name}.c") for name in names) if p.is_file())

    def _file(self, name: str) -> Path:
        """Its own file of that name, or that of the board that it is like."""
        own = self.folder / name
        return self.like / name if self.like is not None and not own.is_file() else own


@cache
def boards() -> tuple[Board, ...]:
    """Every board that comes with Motes, by name."""
    found = (_load_board(path) for path in sorted((HERE / "boards").glob("*/board.toml")))
    return tuple(sorted(found, key=lambda b: b.name))


def board(name: str | Path) -> Board:
    """The board called `name`, or the one whose `board.toml` lies in the folder `name`.

    Raises:
        BadInput: there is no such board, or its file is malformed.
    """
    known = {b.name: b for b in boards()}
    if str(name) not in known:
        if os.path.isfile(Path(name) / "board.toml"):
            return _load_board(Path(name) / "board.toml")
        near = difflib.get_close_matches(str(name), known, 1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise BadInput(
            f"no board is called {str(name)!r}; {hint}known: {', '.join(known)}, or a folder with a board.toml"
        )
    return known[str(name)]


def core(name: str) -> Core:
    """The core called `name`.

    Raises:
        BadInput: there is no such core, or its file is malformed.
    """
    path = HERE / "cores" / f"{name}.toml"
    known = sorted(p.stem for p in (HERE / "cores").glob("*.toml"))
    if name not in known:
        raise BadInput(f"no core is called {name!r}; known: {', '.join(known)}; a new core is one file in cores/")
    return _load_core(path)


class _Table:
    """A TOML table being read: every key is asked for once, with its type, and none may be left over."""

    def __init__(self, path: Path, where: str, values: Mapping[str, Any]) -> None:
        self.path, self.where, self.values, self.asked = path, where, values, set[str]()

    def error(self, key: str, what: str) -> BadInput:
        return BadInput(f"{self.path}: {self.where}{key} {what}")

    def _get(self, key: str, expected: str, default: Any) -> Any:
        self.asked.add(key)
        if key in self.values:
            return self.values[key]
        if default is None:
            raise self.error(key, f"is missing; expected {expected}")
        return default

    def has(self, key: str) -> bool:
        self.asked.add(key)
        return key in self.values

    def text(self, key: str, default: str | None = None) -> str:
        value = self._get(key, "a text", default)
        if not isinstance(value, str):
            raise self.error(key, f"is {value!r}; expected a text")
        return value

    def texts(self, key: str, default: list[str] | None = None) -> tuple[str, ...]:
        value = self._get(key, "a list of texts", default)
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.error(key, f"is {value!r}; expected a list of texts")
        return tuple(value)

    def integer(self, key: str, unit: str, least: int = 0) -> int:
        expected = f"an integer of at least {least}, {unit}"
        value = self._get(key, expected, None)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 1 << 32:
            raise self.error(key, f"is {value!r}; expected {expected}")
        return value

    def number(self, key: str, unit: str) -> float:
        expected = f"a number of at least 0, {unit}"
        value = self._get(key, expected, None)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e9:
            raise self.error(key, f"is {value!r}; expected {expected}")
        return float(value)

    def table(self, key: str, default: Mapping[str, Any] | None = None) -> _Table:
        value = self._get(key, "a table", default)
        if not isinstance(value, dict):
            raise self.error(key, f"is {value!r}; expected a table")
        return _Table(self.path, f"{self.where}{key}.", value)

    def finish(self) -> None:
        for key in self.values.keys() - self.asked:
            near = difflib.get_close_matches(key, self.asked, 1)
            raise self.error(key, "is not known" + (f"; did you mean {near[0]}?" if near else "; remove it"))


def _read(path: Path) -> _Table:
    data = bounded.read(path, MAX_TOML_BYTES, "description of a core or board", "compare it with those of Motes")
    try:
        return _Table(path, "", tomllib.loads(data.decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: not valid TOML: {error}") from None


def _load_core(path: Path) -> Core:
    table = _read(path)
    found = Core(
        name=table.text("name"),
        features=frozenset(table.texts("features")),
        zig_target=table.text("zig_target"),
        mcpu=table.text("mcpu"),
        gcc_flags=table.texts("gcc_flags"),
        flags=table.texts("flags", []),
        model=table.text("model", ""),
        timing=table.text("timing", ""),
        caveat=table.text("caveat", ""),
    )
    table.finish()
    return found


def _load_board(path: Path) -> Board:
    table = _read(path)
    like = _like(table) if table.has("like") else None
    whose = _read(like / "board.toml") if like is not None and not table.has("peripherals") else table
    devices = whose.table("peripherals", {})
    peripherals = {name: _peripheral(name, devices.table(name)) for name in devices.values}
    _check_interrupts(devices, peripherals.values())
    found = Board(
        name=table.text("name"),
        title=table.text("title"),
        core=_core_of(table),
        chip=_chip(table) if table.has("chip") else None,
        peripherals=peripherals,
        folder=path.parent,
        like=like,
    )
    table.finish()
    if found.chip:
        if not found.core.zig_target:
            raise table.error("core", f"is {found.core.name!r}, which runs no images; a chip needs another")
        _check_registers(devices, found.chip, peripherals.values())
    return found


def _like(table: _Table) -> Path:
    """The folder of a board that comes with Motes."""
    name = table.text("like")
    folders = {p.parent.name.replace("_", "-"): p.parent for p in sorted((HERE / "boards").glob("*/board.toml"))}
    if name not in folders:
        raise table.error("like", f"is {name!r}; expected one of {', '.join(folders)}")
    return folders[name]


def _core_of(table: _Table) -> Core:
    name = table.text("core")
    try:
        return core(name)
    except BadInput as error:
        raise BadInput(f"{table.path}: {error}") from None


def _chip(table: _Table) -> Chip:
    memory, current, supply = table.table("memory"), table.table("current"), table.table("supply")
    chip = Chip(
        name=table.text("chip"),
        clock_hz=table.integer("clock_hz", "in Hz", least=1),
        flash=_region(memory.table("flash")),
        ram=_region(memory.table("ram")),
        volts=supply.number("volts", "in volts"),
        run=_current(current.table("run")),
        sleep=_current(current.table("sleep")),
    )
    for part in (memory, current, supply):
        part.finish()
    return chip


def _region(table: _Table) -> Region:
    region = Region(table.integer("start", "in bytes"), table.integer("size", "in bytes", least=1))
    table.finish()
    if region.end > 1 << 32:
        raise table.error("size", f"is {region.size:#x}; start + size must stay within 32-bit addresses")
    if region.size > MOST_MEMORY:
        raise table.error("size", f"is {region.size:#x}; a memory has at most {MOST_MEMORY >> 20} MiB")
    for key, value in (("start", region.start), ("size", region.size)):
        if value % PAGE:
            raise table.error(key, f"is {value:#x}; memories are whole pages of {PAGE} bytes")
    return region


def _current(table: _Table) -> Current:
    current = Current(table.number("ua", "in microamperes"), table.text("source"))
    table.finish()
    return current


def _peripheral(name: str, table: _Table) -> Peripheral:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise BadInput(
            f"{table.path}: {name!r} is no peripheral's name; expected small letters, digits and underscores"
        )
    base = table.integer("base", "an address") if table.has("base") else None
    irq = table.integer("irq", "an interrupt number") if table.has("irq") else None
    drawn = table.table("current", {})
    currents = {part: _current(drawn.table(part)) for part in drawn.values}
    table.finish()
    return Peripheral(name, base, irq, currents)


def _check_registers(table: _Table, chip: Chip, peripherals: Iterable[Peripheral]) -> None:
    """Memories and the registers of each peripheral, a page, lie apart."""
    if chip.ram.start < chip.flash.end and chip.flash.start < chip.ram.end:
        raise BadInput(f"{table.path}: memory.ram overlaps memory.flash; expected them apart")
    owner: dict[int, str] = {}
    for p in peripherals:
        if p.base is None:
            continue
        if p.base % PAGE or p.base in chip.flash or p.base in chip.ram:
            raise table.error(f"{p.name}.base", f"is {p.base:#x}; expected a page of {PAGE} bytes outside of memory")
        if owner.setdefault(p.base, p.name) != p.name:
            raise table.error(f"{p.name}.base", f"is {p.base:#x}, which {owner[p.base]} has already; expected another")


def _check_interrupts(table: _Table, peripherals: Iterable[Peripheral]) -> None:
    owner: dict[int, str] = {}
    for p in peripherals:
        if p.irq is not None and p.irq > LAST_INTERRUPT:
            raise table.error(f"{p.name}.irq", f"is {p.irq}; the core has interrupts 0 to {LAST_INTERRUPT}")
        if p.irq is not None and owner.setdefault(p.irq, p.name) != p.name:
            raise table.error(f"{p.name}.irq", f"is {p.irq}, which {owner[p.irq]} has already; expected another")
