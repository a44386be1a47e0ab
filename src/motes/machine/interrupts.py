"""Interrupts as Armv7-M delivers them (Architecture Reference Manual DDI 0403, section B1.5), and its kin.

All interrupts have one priority, so handlers do not nest; of several that wait, the lowest number goes first. Entry
stacks eight words, or 26 where the interrupted code has used the FPU. The core would write the floating-point registers
to the latter only when the handler uses the FPU as well; here they are written at once and charged for when it does:
nobody but a handler that reads its own frame could tell.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from unicorn import arm_const as arm

from motes.machine.cpu import WORD, Cpu
from motes.machine.faults import bad_register, stack_overflow
from motes.machine.timing import timing_of

FIRST_IRQ = 16
RETURN_BASIC, RETURN_FP = 0xFFFFFFF9, 0xFFFFFFE9  # to thread mode and the main stack
FPCA = 1 << 2  # of CONTROL: the code has used the FPU
ALIGNED = 1 << 9  # of the stacked xPSR: four bytes were left out
THUMB = 1 << 24

_GENERAL = (
    arm.UC_ARM_REG_R0,
    arm.UC_ARM_REG_R1,
    arm.UC_ARM_REG_R2,
    arm.UC_ARM_REG_R3,
    arm.UC_ARM_REG_R12,
    arm.UC_ARM_REG_LR,
)
_FP = (*range(arm.UC_ARM_REG_S0, arm.UC_ARM_REG_S0 + 16), arm.UC_ARM_REG_FPSCR)

# The system control space, and the registers of it that do something; offsets from its start.
SYSTEM = 0xE000E000
SYSTEM_SIZE = 0x1000
SET_ENABLE, CLEAR_ENABLE, SET_PENDING, CLEAR_PENDING, ACTIVE = 0x100, 0x180, 0x200, 0x280, 0x300
VECTOR_TABLE = 0xD08


class Interrupts:
    """The interrupt controller, and the entry to and exit from handlers.

    Attributes:
        count: handlers entered so far.
        cycles: spent on entries and exits so far; they are part of the clock.
        on_enter, on_leave: called when ordinary code is interrupted, and when it goes on.
    """

    def __init__(self, cpu: Cpu) -> None:
        self._cpu = cpu
        self._costs = timing_of(cpu.board.core.timing).interrupts
        self._pending = self._enabled = 0
        self._active: int | None = None
        self._control = 0  # of what was interrupted
        self._registers: dict[int, int] = {}
        self.count = self.cycles = 0
        self.on_enter: Callable[[], None] = lambda: None
        self.on_leave: Callable[[], None] = lambda: None
        self._general, self._fp = cpu.register_set(_GENERAL), cpu.register_set(_FP)
        cpu.map_registers(SYSTEM, SYSTEM_SIZE, self._read, self._write)

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
            self._stack_frame()
            self._enter(self._costs.entry)

    def leave(self) -> None:
        """The handler has returned: go on with the next one that waits, or with what was interrupted.

        Raises:
            BoardFault: nothing was interrupted, or the return value is not what the handler was given.
        """
        cpu = self._cpu
        cpu.settle()
        if self._active is None or cpu.pc | 1 not in (RETURN_BASIC, RETURN_FP):
            raise bad_register(cpu.firmware, cpu.registers(), f"it returned from an exception to {cpu.pc:#010x}")
        has_fp = cpu.pc | 1 == RETURN_FP
        used_fp = bool(cpu.register(arm.UC_ARM_REG_CONTROL) & FPCA)
        self._spend(self._costs.lazy_floats if has_fp and used_fp else 0)
        self._active = None
        if self.waiting and not cpu.masked:
            cpu.set_register(arm.UC_ARM_REG_LR, RETURN_FP if has_fp else RETURN_BASIC)
            self._enter(self._costs.chain)
        else:
            self._unstack_frame(has_fp)
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
        cpu.set_register(arm.UC_ARM_REG_CONTROL, 0)
        cpu.set_register(arm.UC_ARM_REG_XPSR, THUMB | (FIRST_IRQ + irq))
        cpu.pc = handler
        self.count += 1
        self._spend(cycles)

    def _stack_frame(self) -> None:
        cpu = self._cpu
        self._control = cpu.register(arm.UC_ARM_REG_CONTROL)
        has_fp = bool(self._control & FPCA)
        general, pc, xpsr = self._general.read(), cpu.pc, cpu.register(arm.UC_ARM_REG_XPSR)
        floats = [*self._fp.read(), 0] if has_fp else []
        sp = cpu.sp - WORD * (len(general) + 2 + len(floats))
        if sp & WORD:
            sp, xpsr = sp - WORD, xpsr | ALIGNED
        frame = [*general, pc, xpsr, *floats]
        limit, _ = cpu.firmware.stack
        if sp < limit or not cpu.write(sp, struct.pack(f"<{len(frame)}I", *frame)):
            did = f"an interrupt stacked {WORD * len(frame)} bytes at {sp:#010x}"
            raise stack_overflow(cpu.firmware, cpu.registers(), did)
        cpu.sp = sp
        cpu.set_register(arm.UC_ARM_REG_LR, RETURN_FP if has_fp else RETURN_BASIC)

    def _unstack_frame(self, has_fp: bool) -> None:
        cpu = self._cpu
        sp = cpu.sp
        size = WORD * (len(_GENERAL) + 2 + (len(_FP) + 1 if has_fp else 0))
        *general, pc, xpsr = struct.unpack("<8I", cpu.read(sp, 32))
        self._general.write(general)
        if has_fp:
            self._fp.write(struct.unpack("<17I", cpu.read(sp + 32, 68)))
        cpu.sp = sp + size + (WORD if xpsr & ALIGNED else 0)
        cpu.set_register(arm.UC_ARM_REG_CONTROL, self._control)
        cpu.set_register(arm.UC_ARM_REG_XPSR, xpsr & ~ALIGNED)
        cpu.pc = pc

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
