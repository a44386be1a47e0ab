"""The interrupt controller, and how a core enters handlers and leaves them.

All interrupts have one priority, so handlers do not nest; of several that wait, the lowest number goes first. What a
core stacks is for its architecture to say: `arm_interrupts.py`, `riscv_interrupts.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from motes.machine.cpu import WORD
from motes.machine.timing import timing_of
from motes.machine.unicorn_cpu import UnicornCpu

FIRST_IRQ = 16

# The system control space, and the registers of it that do something; offsets from its start. Other cores have a
# controller with the same registers here.
SYSTEM = 0xE000E000
SYSTEM_SIZE = 0x1000
SET_ENABLE, CLEAR_ENABLE, SET_PENDING, CLEAR_PENDING, ACTIVE = 0x100, 0x180, 0x200, 0x280, 0x300
VECTOR_TABLE = 0xD08


class Interrupts(ABC):
    """The interrupt controller, and the entry to and exit from handlers.

    Attributes:
        count: handlers entered so far.
        cycles: spent on entries and exits so far; they are part of the clock.
        on_enter, on_leave: called when ordinary code is interrupted, and when it goes on.
    """

    def __init__(self, cpu: UnicornCpu) -> None:
        self._cpu = cpu
        self._costs = timing_of(cpu.board.core.timing).interrupts
        self._pending = self._enabled = 0
        self._active: int | None = None
        self._registers: dict[int, int] = {}
        self.count = self.cycles = 0
        self.on_enter: Callable[[], None] = lambda: None
        self.on_leave: Callable[[], None] = lambda: None
        cpu.map_registers(SYSTEM, SYSTEM_SIZE, self._read, self._write)

    @abstractmethod
    def _save(self) -> None:
        """Put by what was interrupted."""

    @abstractmethod
    def _prepare(self, irq: int) -> None:
        """Make the core as a handler finds it, but for the program counter."""

    @abstractmethod
    def _check_return(self) -> None:
        """Charge for what the handler has put off.

        Raises:
            BoardFault: it does not return as it must.
        """

    @abstractmethod
    def _restore(self) -> None:
        """Go back to what was interrupted."""

    def request(self, irq: int) -> None:
        """A peripheral asks for attention."""
        self._pending |= 1 << irq

    @property
    def waiting(self) -> bool:
        """Whether an enabled interrupt waits: that ends a sleep, masked or not."""
        return bool(self._pending & self._enabled)

    def deliver(self) -> None:
        """Enter the handler of a waiting interrupt, or have the core look up when it may be entered."""
        may = self.waiting and self._active is None
        masked = may and self._cpu.masked
        self._cpu.ledger.masked = masked
        if may and not masked:
            self.on_enter()
            self._save()
            self._enter(self._costs.entry)

    def leave(self) -> None:
        """The handler has returned: go on with the next one that waits, or with what was interrupted.

        Raises:
            BoardFault: nothing was interrupted, or the return value is not what the handler was given.
        """
        cpu = self._cpu
        cpu.settle()
        self._check_return()
        self._active = None
        if self.waiting and not cpu.masked:
            self._enter(self._costs.chain)
        else:
            self._restore()
            self._spend(self._costs.leave)
            self.on_leave()

    def _spend(self, cycles: int) -> None:
        self._cpu.ledger.clock += cycles
        self.cycles += cycles

    def _enter(self, cycles: int) -> None:
        cpu = self._cpu
        irq = (self._pending & self._enabled & -(self._pending & self._enabled)).bit_length() - 1
        self._pending &= ~(1 << irq)
        self._active = irq
        table = self._registers.get(VECTOR_TABLE, cpu.chip.flash.start)
        handler = cpu.word(table + WORD * (FIRST_IRQ + irq))
        self._prepare(irq)
        cpu.pc = handler
        self.count += 1
        self._spend(cycles)

    def _read(self, offset: int, size: int) -> int:
        shown = {
            SET_ENABLE: self._enabled,
            CLEAR_ENABLE: self._enabled,
            SET_PENDING: self._pending,
            CLEAR_PENDING: self._pending,
            ACTIVE: 0 if self._active is None else 1 << self._active,
        }
        return shown.get(offset, self._registers.get(offset, 0))

    def _write(self, offset: int, size: int, value: int) -> None:
        if offset == SET_ENABLE:
            self._enabled |= value
        elif offset == CLEAR_ENABLE:
            self._enabled &= ~value
        elif offset == SET_PENDING:
            self._pending |= value
        elif offset == CLEAR_PENDING:
            self._pending &= ~value
        else:
            self._registers[offset] = value
        self._cpu.look_up()
