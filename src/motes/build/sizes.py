"""What an image takes of flash and RAM, by part, and whether the chip has it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from motes.build.elf import Elf, Symbol
from motes.errors import BadInput, DoesNotFit
from motes.plan import Plan
from motes.program import Program
from motes.target import Board, Chip, Region

INPUT_SECTION = ".motes_input"
"""What a profile image copies into its inputs: no part of what the model costs."""
STACK_SECTION = ".stack"
SIZED = ("FUNC", "OBJECT")
"""The kinds of symbols that take room."""
HEAVIEST = 5
"""Symbols that a complaint about size names."""
ROOM = 1 << 28
"""Bytes of each memory that a draft is linked into, whatever the chip has; and of RAM that a host gives."""
HOST_CONSTANTS = 16 << 20
"""Bytes of constants that are compiled for a host: they take a compiler a hundred times as much memory."""
PORT = re.compile(r"motes_(input|output)_\d+")
"""Other names of what lies inside of `motes_model`."""


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
    parts = [s for s in elf.symbols if s.kind in SIZED and not PORT.fullmatch(s.name)]
    flash = _Need(
        "flash",
        sum(len(data) for _, data in elf.segments),
        chip.flash.size,
        [(s.size, s.name) for s in parts if s.section not in in_ram],
    )
    ram = _Need(
        "RAM",
        sum(s.size for s in elf.sections if s.name in in_ram) + stack,
        chip.ram.size,
        [*((s.size, s.name) for s in parts if s.section in in_ram), (stack, "the stack")],
    )
    _check([flash, ram], "the image takes", board)


def check_budgets(board: Board, **budgets: int | None) -> None:
    """Whether there is a chip whose memory budgets can bound.

    Args:
        budgets: bytes by option, such as `flash`; None: none was given.

    Raises:
        BadInput: there is a budget, but the board is no chip.
    """
    for option, size in budgets.items():
        if size is not None and board.chip is None:
            raise BadInput(
                f"--{option} {size}: board {board.name} has no chip, so that there is no image to bound; leave it "
                "out, or choose a board that has one"
            )


def check_programs(name: str, programs: Iterable[Program], plan: Plan, others: Mapping[str, int], board: Board) -> None:
    """Whether what an image holds at the least can fit, before any C of it is written.

    Args:
        name: of the model or the application.
        plan: of these programs.
        others: bytes of everything else in RAM, such as rings.

    Raises:
        DoesNotFit: it cannot: by how much, and which parts weigh most.
    """
    constants: dict[bytes, tuple[int, str]] = {}  # equal ones are stored once
    for program in programs:
        for graph in program.graph.within:
            for t in graph.tensors:
                if t.data is not None:
                    constants.setdefault(hashlib.sha256(t.data.tobytes()).digest(), (t.nbytes, t.name))
    weights = list(constants.values())
    blocks = [(life.size, life.name) for life in plan.lives]
    beside = [*((size, name) for name, size in others.items()), (plan.kept_size, "states")]
    flash, ram = (board.chip.flash.size, board.chip.ram.size) if board.chip else (HOST_CONSTANTS, ROOM)
    needs = [
        _Need("flash", sum(size for size, _ in weights), flash, weights),
        _Need("RAM", plan.arena + sum(size for size, _ in beside), ram, [*blocks, *beside]),
    ]
    _check(needs, f"{name} takes at least", board.name)


@dataclass(frozen=True)
class _Need:
    """Bytes that are needed of a memory and there; the sizes and names of the parts, which may share room."""

    memory: str
    size: int
    limit: int
    parts: Sequence[tuple[int, str]]

    def __str__(self) -> str:
        heaviest = sorted((part for part in self.parts if part[0]), key=lambda part: -part[0])[:HEAVIEST]
        return (
            f"{self.size:,} bytes of {self.memory}, {self.size - self.limit:,} more than its {self.limit:,}; "
            f"most weigh {', '.join(f'{name} {size:,}' for size, name in heaviest)}"
        )


def _check(needs: Sequence[_Need], takes: str, board: str) -> None:
    found = [str(need) for need in needs if need.size > need.limit]
    if found:
        raise DoesNotFit(
            f"{takes} {' and '.join(found)}; choose a board with more memory than {board}, or a smaller model"
        )
