"""Cortex-M33 with zero wait states, as in the RP2350: a model after the Cortex-M4, not a published table.

Arm publishes no cycles of its instructions. Two things are taken to differ from the Cortex-M4 (see cortex_m4.py): a
load takes one cycle, and one more only where the next instruction needs what it loads; a division takes 4 (2 to 11).
How far that carries: MLPerf Tiny results of one engine on both cores (ST, v1.2 and v1.3) have ratios of 0.87 to 0.90;
docs/cores.md has those of this model beside them. Dual issue of some pairs of 16-bit instructions is not modelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from motes.machine.timing.arm import ArmTiming, Instruction, alone
from motes.machine.timing.blocks import InterruptCycles

REFILL = 2
LOAD = 1
WAIT = 1  # for what the instruction before has loaded
DIVISION = 4


class CortexM33(ArmTiming):
    """One instruction after the other; only the use of what was just loaded waits."""

    interrupts = InterruptCycles(entry=12, leave=12, chain=6, lazy_floats=17)

    def cycles(self, block: Sequence[Instruction]) -> int:
        """As `ArmTiming` says."""
        waits = sum(WAIT for before, i in pairwise(block) if before.loads & (i.reads | i.stores))
        return sum(map(_alone, block)) + waits

    def branch(self, last: Instruction) -> tuple[int, int]:
        """As `ArmTiming` says."""
        taken = _alone(last) + REFILL
        return taken, 1 if last.conditional else taken


def _alone(i: Instruction) -> int:
    return alone(i, load=LOAD, division=DIVISION)


TIMING = CortexM33()
