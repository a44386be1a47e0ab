"""Cortex-M4 with zero wait states.

Source: Cortex-M4 Technical Reference Manual r0p1, section 3.3.1. Two of its ranges are taken as one figure: a
division costs 6 cycles (2 to 12 there), and a taken branch refills the pipeline in 2 (1 to 3 there). Not modelled: wait
states of the flash, contention for the bus, unaligned accesses, stalls on the result of a floating-point instruction,
and the folding of IT. An instruction that an IT block skips costs as if it were executed. Interrupts: TI SLAU356
(MSP432P4, on its Cortex-M4F), section "Exception Entry and Return"; S0 to S15 and FPSCR are stored a word a cycle.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from motes.machine.timing.arm import ArmTiming, Instruction, alone
from motes.machine.timing.blocks import InterruptCycles

REFILL = 2
LOAD, PIPELINED_LOAD = 2, 1
DIVISION = 6


class CortexM4(ArmTiming):
    """One instruction after the other; loads that follow each other overlap."""

    interrupts = InterruptCycles(entry=12, leave=12, chain=6, lazy_floats=17)

    def cycles(self, block: Sequence[Instruction]) -> int:
        """As `ArmTiming` says."""
        first = sum(_alone(i) for i in block[:1])
        return first + sum(_behind(before, i) for before, i in pairwise(block))

    def branch(self, last: Instruction) -> tuple[int, int]:
        """As `ArmTiming` says."""
        taken = _alone(last) + REFILL
        return taken, 1 if last.conditional else taken


def _behind(before: Instruction, i: Instruction) -> int:
    """Cycles of an instruction behind another one: a load overlaps with a load or a store, unless its address waits for
    what that loads."""
    if i.kind != "load" or before.kind not in ("load", "store"):
        return _alone(i)
    return LOAD if before.kind == "load" and before.loads & i.reads else PIPELINED_LOAD


def _alone(i: Instruction) -> int:
    return alone(i, load=LOAD, division=DIVISION)


TIMING = CortexM4()
