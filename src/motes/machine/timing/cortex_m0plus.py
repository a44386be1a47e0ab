"""Cortex-M0+ with zero wait states and the fast multiplier, as in the RP2040.

Source: Cortex-M0+ Technical Reference Manual (DDI 0484), section 3.3, and the RP2040 datasheet, section 2.4.1 ("single
cycle multiply"). Not modelled: wait states (code in external flash runs from a cache of 16 KiB on the RP2040), and
contention for the bus.
"""

from __future__ import annotations

from collections.abc import Sequence

from motes.machine.timing.arm import ArmTiming, Instruction
from motes.machine.timing.blocks import InterruptCycles

REFILL = 1
ACCESS = 2  # a load or a store
CALL = 2  # BL, without the refill
SYSTEM = 3  # MRS, MSR and barriers
_SYSTEM = frozenset(("mrs", "msr", "dmb", "dsb", "isb"))


class CortexM0Plus(ArmTiming):
    """One instruction after the other; nothing overlaps."""

    interrupts = InterruptCycles(entry=15, leave=15, chain=15, lazy_floats=0)
    words_aligned = True

    def cycles(self, block: Sequence[Instruction]) -> int:
        """As `ArmTiming` says."""
        return sum(map(_alone, block))

    def branch(self, last: Instruction) -> tuple[int, int]:
        """As `ArmTiming` says."""
        taken = _alone(last) + (2 * REFILL if last.kind == "several" else REFILL)
        return taken, 1 if last.conditional else taken


def _alone(i: Instruction) -> int:
    """Cycles of an instruction, a branch without its refill."""
    if i.kind in ("load", "store"):
        return ACCESS
    if i.kind == "several":
        return 1 + i.words
    if i.name == "bl":
        return CALL
    return SYSTEM if i.name in _SYSTEM else 1


TIMING = CortexM0Plus()
