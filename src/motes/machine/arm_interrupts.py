"""Interrupts as Armv7-M delivers them (Architecture Reference Manual DDI 0403, section B1.5), and its kin.

Entry stacks eight words, or 26 where the interrupted code has used the FPU. The core would write the floating-point
registers to the latter only when the handler uses the FPU as well; here they are written at once and charged for when
it does: nobody but a handler that reads its own frame could tell.
"""

from __future__ import annotations

import struct

from unicorn import arm_const as arm

from motes.machine.arm import THUMB
from motes.machine.cpu import WORD
from motes.machine.faults import bad_register, stack_overflow
from motes.machine.interrupts import FIRST_IRQ, Interrupts
from motes.machine.unicorn_cpu import UnicornCpu

RETURN_BASIC, RETURN_FP = 0xFFFFFFF9, 0xFFFFFFE9  # to thread mode and the main stack
FPCA = 1 << 2  # of CONTROL: the code has used the FPU
ALIGNED = 1 << 9  # of the stacked xPSR: four bytes were left out

_GENERAL = (
    arm.UC_ARM_REG_R0,
    arm.UC_ARM_REG_R1,
    arm.UC_ARM_REG_R2,
    arm.UC_ARM_REG_R3,
    arm.UC_ARM_REG_R12,
    arm.UC_ARM_REG_LR,
)
_FP = (*range(arm.UC_ARM_REG_S0, arm.UC_ARM_REG_S0 + 16), arm.UC_ARM_REG_FPSCR)


class ArmInterrupts(Interrupts):
    """The nested vectored interrupt controller, with one priority."""

    def __init__(self, cpu: UnicornCpu) -> None:
        super().__init__(cpu)
        self._control = 0  # of what was interrupted
        self._general, self._fp = cpu.register_set(_GENERAL), cpu.register_set(_FP)

    def _prepare(self, irq: int) -> None:
        self._cpu.set_register(arm.UC_ARM_REG_LR, RETURN_FP if self._has_fp else RETURN_BASIC)
        self._cpu.set_register(arm.UC_ARM_REG_CONTROL, 0)
        self._cpu.set_register(arm.UC_ARM_REG_XPSR, THUMB | (FIRST_IRQ + irq))

    def _check_return(self) -> None:
        cpu = self._cpu
        if self._active is None or cpu.pc | 1 not in (RETURN_BASIC, RETURN_FP):
            raise bad_register(cpu.firmware, cpu.registers(), f"it returned from an exception to {cpu.pc:#010x}")
        used_fp = bool(cpu.register(arm.UC_ARM_REG_CONTROL) & FPCA)
        self._spend(self._costs.lazy_floats if cpu.pc | 1 == RETURN_FP and used_fp else 0)

    @property
    def _has_fp(self) -> bool:
        """Whether what was interrupted has used the FPU."""
        return bool(self._control & FPCA)

    def _save(self) -> None:
        cpu = self._cpu
        self._control = cpu.register(arm.UC_ARM_REG_CONTROL)
        general, pc, xpsr = self._general.read(), cpu.pc, cpu.register(arm.UC_ARM_REG_XPSR)
        floats = [*self._fp.read(), 0] if self._has_fp else []
        sp = cpu.sp - WORD * (len(general) + 2 + len(floats))
        if sp & WORD:
            sp, xpsr = sp - WORD, xpsr | ALIGNED
        frame = [*general, pc, xpsr, *floats]
        limit, _ = cpu.firmware.stack
        if sp < limit or not cpu.write(sp, struct.pack(f"<{len(frame)}I", *frame)):
            did = f"an interrupt stacked {WORD * len(frame)} bytes at {sp:#010x}"
            raise stack_overflow(cpu.firmware, cpu.registers(), did)
        cpu.sp = sp

    def _restore(self) -> None:
        cpu = self._cpu
        sp = cpu.sp
        size = WORD * (len(_GENERAL) + 2 + (len(_FP) + 1 if self._has_fp else 0))
        *general, pc, xpsr = struct.unpack("<8I", cpu.read(sp, 32))
        self._general.write(general)
        if self._has_fp:
            self._fp.write(struct.unpack("<17I", cpu.read(sp + 32, 68)))
        cpu.sp = sp + size + (WORD if xpsr & ALIGNED else 0)
        cpu.set_register(arm.UC_ARM_REG_CONTROL, self._control)
        cpu.set_register(arm.UC_ARM_REG_XPSR, xpsr & ~ALIGNED)
        cpu.pc = pc
