"""Cortex-M7 running from tightly coupled memory, or with warm caches: two instructions a cycle, in order.

Arm publishes no cycles of its instructions. What is here follows measurements on an STM32H730 (quinapalus.com,
"Cortex-M7 instruction cycle counts, timings, and dual-issue combinations"), simplified: in one cycle there may
be one access to
memory, one multiplication or SIMD instruction, one shifted operand, one floating-point instruction and one branch; a
result is there for the next cycle, what is loaded or multiplied a cycle later; a multiplication needs what it adds to a
cycle later, too. Branches are taken as predicted. Each block begins with nothing under way, which is a little too slow
for short ones. MLPerf Tiny results of one engine on this core and on the Cortex-M4 (ST, v1.2 and v1.3) have ratios of
0.56 to 0.71; docs/cores.md has those of this model beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from motes.machine.timing.arm import ArmTiming, Instruction
from motes.machine.timing.blocks import InterruptCycles

WIDTH = 2  # instructions that begin in one cycle
BRANCH = 1  # one that is predicted
CALL_OR_RETURN = 2  # one that loads the program counter, or goes through a table
DIVISION = 6
LATENCY = {"load": 2, "several": 2, "multiply": 2, "simd": 2, "float": 3, "divide": DIVISION}
FLOAT_DIVISION = 14

_SIMD = ("sxt", "uxt", "ssat", "usat", "pkh", "rev", "qadd", "qsub", "sadd", "ssub", "uadd", "usub", "shadd", "sel")


class CortexM7(ArmTiming):
    """Instructions begin in order, two a cycle where they go together."""

    interrupts = InterruptCycles(entry=12, leave=12, chain=6, lazy_floats=9)

    def cycles(self, block: Sequence[Instruction]) -> int:
        """As `ArmTiming` says."""
        ready: dict[int, int] = {}  # register -> cycle from which on it can be read
        flags = now = ends = 0
        begun = Counter[str]()
        for i in block:
            unit = _unit(i)
            start = max((ready.get(r, 0) - (r in i.sums) for r in i.reads | i.stores), default=0)
            start = max(start, flags if i.flags[0] else 0, now)
            if start == now and not _fits(begun, i, unit):
                start = now + 1
            if start > now:
                now, begun = start, Counter()
            begun.update({"any": 1, unit: 1, "shifted": int(i.shifted)})
            busy = _busy(i)
            for register in i.writes:
                ready[register] = now + (LATENCY.get(unit, 1) if register in i.loads or not i.loads else 1)
            if i.flags[1]:
                flags = now + 1
            ends = now + busy
            if busy > 1:
                now, begun = ends, Counter()
        return ends

    def branch(self, last: Instruction) -> tuple[int, int]:
        """As `ArmTiming` says."""
        taken = CALL_OR_RETURN + last.words if last.kind in ("table", "several", "load") else BRANCH
        return taken, BRANCH if last.conditional else taken


def _unit(i: Instruction) -> str:
    """What it occupies: at most one instruction a cycle for each name but "other"."""
    if i.kind in ("load", "store", "several"):
        return "memory" if i.kind == "store" else i.kind
    return "simd" if i.name.startswith(_SIMD) else i.kind


def _fits(begun: Counter[str], i: Instruction, unit: str) -> bool:
    """Whether it can begin beside what has begun in this cycle."""
    memory = ("load", "memory", "several")
    sums = ("multiply", "simd", "divide")
    if begun["any"] >= WIDTH or (i.shifted and begun["shifted"]):
        return False
    return not any(unit in units and any(begun[u] for u in units) for units in (memory, sums, ("float",)))


def _busy(i: Instruction) -> int:
    """Cycles in which nothing behind it begins."""
    if i.kind == "several":
        return max(1, (i.words + 1) // 2)
    if i.kind == "divide":
        return DIVISION
    return FLOAT_DIVISION if i.name in ("vdiv", "vsqrt") else 1


TIMING = CortexM7()
