"""Interrupts of RISC-V in machine mode, with hardware vectors, as controllers after the CLIC have them.

The core stacks nothing: a handler saves what it uses, and ends with MRET, which goes to `mepc`. There the handler finds
`RETURN`, where nothing is: that is how its end is seen.
"""

from __future__ import annotations

from unicorn import riscv_const as riscv

from motes.machine.architecture import RETURN
from motes.machine.faults import bad_register
from motes.machine.interrupts import Interrupts
from motes.machine.riscv import MIE, MPIE, MPP
from motes.machine.unicorn_cpu import UnicornCpu

INTERRUPT = 1 << 31  # of mcause


class RiscvInterrupts(Interrupts):
    """An interrupt controller with the registers of the boards' own."""

    def __init__(self, cpu: UnicornCpu) -> None:
        super().__init__(cpu)
        self._pc = 0

    def _save(self) -> None:
        self._pc = self._cpu.pc

    def _prepare(self, irq: int) -> None:
        cpu = self._cpu
        status = cpu.register(riscv.UC_RISCV_REG_MSTATUS)
        cpu.set_register(riscv.UC_RISCV_REG_MSTATUS, (status & ~MIE) | MPIE | MPP)
        cpu.set_register(riscv.UC_RISCV_REG_MEPC, RETURN)
        cpu.set_register(riscv.UC_RISCV_REG_MCAUSE, INTERRUPT | irq)

    def _check_return(self) -> None:
        cpu = self._cpu
        if self._active is None:
            raise bad_register(cpu.firmware, cpu.registers(), "it returned from an interrupt that it was not in")

    def _restore(self) -> None:
        self._cpu.pc = self._pc
