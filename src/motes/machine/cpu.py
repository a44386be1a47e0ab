"""A core as the rest of the machine knows it: memory, registers, and the accounts that blocks.c keeps.

Time advances by whole blocks: a block that has begun is finished before anything else happens. Who executes the
instructions is for its kinds to say: `unicorn_cpu.py`, `qemu_cpu.py`.
"""

from __future__ import annotations

import ctypes
import enum
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, cast

from motes.errors import BadInput
from motes.machine.architecture import Architecture
from motes.machine.faults import Registers
from motes.machine.firmware import Firmware
from motes.machine.native import Block, Ledger
from motes.machine.results import Spent
from motes.machine.timing import BlockCost, block_cost
from motes.target import Board

PAINT = 0xA5
"""What RAM holds at power-on: a program that relies on zeros is found out, and used stack is seen."""

ERASED = 0xFF
"""What flash holds where nothing was written; it is no instruction."""

WORD = 4

Read = Callable[[int, int], int]
Write = Callable[[int, int, int], None]


class Stop(enum.Enum):
    """Why the core has stopped."""

    LIMIT = "the clock has reached the limit, or an unmasked interrupt waits"
    SLEEP = "it executed WFI or WFE"
    RETURN = "it returned from an exception"
    END = "somebody called end()"


class Cpu(ABC):
    """One core with its flash and RAM, at reset.

    Attributes:
        on_visit: called with the address of a watched block before it is executed.
    """

    architecture: Architecture
    ledger: Ledger
    """The clock and the counters, shared with blocks.c."""
    asks: ClassVar[bool] = True
    """Whether a peripheral is asked for what the program reads; else it reads what `show` has left there."""
    _blocks: ctypes.Array[Block]
    """What was spent in each block, by the halfword of code at which it starts."""

    def __init__(self, firmware: Firmware, board: Board) -> None:
        assert board.chip is not None
        self.firmware, self.board, self.chip = firmware, board, board.chip
        self.on_visit: Callable[[int], None] = lambda address: None
        self._seen: set[int] = set()
        self._stop: Stop | None = None
        flash = self.chip.flash
        for address, data in firmware.segments:
            if address not in flash or address + len(data) > flash.end:
                raise BadInput(
                    f"{firmware.path}: {len(data)} bytes at {address:#010x} lie outside the flash of this board "
                    f"({flash.start:#010x} to {flash.end:#010x}); link it for this board"
                )
        end = max((address + len(data) for address, data in firmware.segments), default=flash.start)
        self._count = (end - flash.start + 1) // 2
        """Halfwords of code."""

    # -------------------------------------------------------------------------------------------- running

    @abstractmethod
    def run(self, limit: int) -> Stop:
        """Execute until the clock reaches `limit`, or something stops the core.

        Raises:
            BoardFault: the program did what the core or the board refuses.
        """

    @abstractmethod
    def end(self) -> None:
        """Stop the core behind the block that it executes."""

    @abstractmethod
    def close(self) -> None:
        """Give back what the emulator holds; nothing can be asked of the core any more."""

    def look_up(self) -> None:
        """Stop the core before its next block, so that its owner sees what a register access has changed."""
        self.ledger.limit = 0

    def settle(self) -> None:
        """Account for the branch at the end of the last block, taken as taken: nobody will see where it goes."""
        ledger = self.ledger
        if ledger.previous:
            block = self._blocks[ledger.previous - 1]
            block.cycles += block.taken
            ledger.clock += block.taken
        ledger.previous = ledger.accounted = 0

    # -------------------------------------------------------------------------------------------- accounts

    def forget(self) -> None:
        """Set all counts back to nothing; the block under way is not counted."""
        for i in self._seen:
            self._blocks[i].instructions = self._blocks[i].cycles = 0
        self.ledger.instructions = self.ledger.previous = self.ledger.accounted = 0

    def functions(self) -> dict[str, Spent]:
        """What has been spent in each function, most cycles first."""
        sums: dict[str, Spent] = {}
        for i in sorted(self._seen):
            block = self._blocks[i]
            name = self.firmware.function_at(self.ledger.first + 2 * i)
            before = sums.get(name, Spent(0, 0))
            sums[name] = Spent(before.instructions + block.instructions, before.cycles + block.cycles)
        found = ((name, spent) for name, spent in sums.items() if spent.instructions)
        return dict(sorted(found, key=lambda item: (-item[1].cycles, item[0])))

    def watch(self, address: int) -> None:
        """Call `on_visit` before each execution of the block that starts at this code address."""
        i = (address - self.ledger.first) >> 1
        if not 0 <= i < self.ledger.count:
            raise BadInput(f"{self.firmware.path}: has no code at {address:#x}")
        self._blocks[i].watched = 1

    def stack_high_water(self) -> int:
        """Bytes of stack that have been used."""
        limit, top = self.firmware.stack
        return len(self.read(limit, top - limit).lstrip(bytes([PAINT])))

    def cost_of(self, address: int, size: int) -> BlockCost:
        """What the block at this address costs."""
        return block_cost(self.board.core.timing, self.read(address, size), address)

    def _note(self, address: int, size: int) -> Block:
        """Fill in what a block costs that blocks.c meets for the first time."""
        i = (address - self.ledger.first) >> 1
        cost, block = self.cost_of(address, size), cast(Block, self._blocks[i])
        block.size, block.length, block.cost = size, cost.instructions, cost.cycles
        block.taken, block.fallen = cost.taken, cost.fallen
        self._seen.add(i)
        return block

    # -------------------------------------------------------------------------------------------- memory, registers

    @abstractmethod
    def read(self, address: int, size: int) -> bytes:
        """Bytes of memory.

        Raises:
            BadInput: there is no memory.
        """

    @abstractmethod
    def write(self, address: int, data: bytes) -> bool:
        """Write to RAM; False where there is none."""

    def word(self, address: int) -> int:
        """The word at this address."""
        return int.from_bytes(self.read(address, WORD), "little")

    @property
    @abstractmethod
    def sp(self) -> int:
        """The stack pointer."""

    @property
    @abstractmethod
    def lr(self) -> int:
        """The link register."""

    @abstractmethod
    def registers(self) -> Registers:
        """What a fault reports."""

    @abstractmethod
    def show(self, address: int, value: int) -> None:
        """What the program will read from a register of a peripheral, where nobody is asked then."""

    @abstractmethod
    def map_registers(self, base: int, size: int, read: Read, write: Write) -> None:
        """Give a range of addresses to a peripheral: `read(offset, bytes)`, `write(offset, bytes, value)`."""
