"""Interrupts of a core that QEMU executes: its board has the controller, and stacks and returns by itself.

What is left to do is to count and to charge: 12 cycles and the like, when handlers begin and when what was interrupted
goes on. Where a handler uses the FPU as what it interrupted does, nothing more is charged.
"""

from __future__ import annotations

from collections.abc import Callable

from motes.machine.qemu_cpu import QemuCpu
from motes.machine.timing import timing_of


class QemuInterrupts:
    """As `Interrupts`, without a part in what happens."""

    def __init__(self, cpu: QemuCpu) -> None:
        self._cpu, self._pending, self._active = cpu, 0, False
        self._costs = timing_of(cpu.board.core.timing).interrupts
        self.count = self.cycles = 0
        self.on_enter: Callable[[], None] = lambda: None
        self.on_leave: Callable[[], None] = lambda: None
        cpu.on_interrupt, cpu.on_resume = self._enter, self._resume
        cpu.watch_interrupts(p.irq for p in cpu.board.peripherals.values() if p.irq is not None)

    def request(self, irq: int) -> None:
        """A peripheral asks for attention."""
        self._pending |= 1 << irq
        self._cpu.interrupt(irq)

    @property
    def waiting(self) -> bool:
        """Whether an enabled interrupt waits: that ends a sleep, masked or not."""
        return bool(self._pending and self._pending & self._cpu.enabled)

    def deliver(self) -> None:
        """Enter the handler of a waiting interrupt: QEMU does."""

    def leave(self) -> None:
        """The handler has returned: QEMU goes on."""

    def _enter(self, irq: int) -> None:
        self._pending &= ~(1 << irq)
        if not self._active:
            self.on_enter()
        self._spend(self._costs.chain if self._active else self._costs.entry)
        self._active = True
        self.count += 1

    def _resume(self) -> None:
        self._active = False
        self._spend(self._costs.leave)
        self.on_leave()

    def _spend(self, cycles: int) -> None:
        self._cpu.ledger.clock += cycles
        self.cycles += cycles
