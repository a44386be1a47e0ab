"""Cortex-M55 with zero wait states, as from tightly coupled memory: one instruction after the other, vectors by halves.

Arm publishes no table of cycles. Pipelines and latencies are those of LLVM's scheduling model of this core, by Arm
(ARMScheduleM55.td), and agree with those of SLOTHY (cortex_m55r1.py, Arm and others), but for two:

- A vector instruction takes its pipeline for two cycles, a half of the vector in each. The next one may begin a cycle
  after it where it needs another pipeline and no result that is not there.
- What is loaded, multiplied, saturated, divided or shifted on the way can be read two cycles after the beginning, other
  results of core instructions one cycle after it.
- Two instructions of 16 bits begin in one cycle where one of them is an addition or subtraction of a constant, a move,
  an extension or IT, and the second does not need the first.
- A low-overhead loop goes back at no cost, as it does once the core has met its end: the first time is charged where
  the loop begins, by DLS or WLS. A body that is one block is taken as it runs in the middle of the loop.

Assumed, for no source tells: three cycles of a branch that is taken, two words a cycle of LDM and its kin, four cycles
of a division, an element a cycle where addresses are a vector. Not modelled: loads right behind stores to the same
bank, waits of memory. Not checked on silicon.
"""

from __future__ import annotations

from collections.abc import Sequence

from capstone import arm

from motes.helium import NO_REGISTER, PREDICATE, VECTORS, decode
from motes.machine.timing.alignment import REGISTERS
from motes.machine.timing.arm import TABLE_BRANCH, ArmTiming, Instruction
from motes.machine.timing.blocks import InterruptCycles

REFILL = 2
DIVISION = 4
FLOAT_DIVISION = 14
LATENCY = {"load": 2, "several": 2, "multiply": 2, "divide": DIVISION}

_REGISTERS = {
    **dict(enumerate(REGISTERS)),
    **{VECTORS + n: arm.ARM_REG_Q0 + n for n in range(8)},
    NO_REGISTER: arm.ARM_REG_INVALID,
    PREDICATE: arm.ARM_REG_ENDING,  # the disassembler has no number for it
}

_QUICK = ("mov", "sxtb", "sxth", "uxtb", "uxth", "it", "nop")
_CONSTANT = ("add", "sub")
_SLOW = (
    *("ssat", "usat", "usad", "qadd", "qsub", "qd", "sbfx", "ubfx", "sh", "uh", "uq"),
    *("sadd", "uadd", "ssub", "usub", "sasx", "uasx", "ssax", "usax", "sxta", "uxta"),
)
"""How the names of core instructions begin whose result takes two cycles, other than of products."""
_SHIFTS = ("lsl", "lsr", "asr", "ror", "mov")
_ACCUMULATING = ("vmla", "vmls", "vnmla", "vnmls")


class CortexM55(ArmTiming):
    """Instructions begin in order; those of vectors occupy one of four pipelines."""

    interrupts = InterruptCycles(entry=12, leave=12, chain=6, lazy_floats=17)

    def cycles(self, block: Sequence[Instruction]) -> int:
        """As `ArmTiming` says."""
        return _ends(block)

    def straight(self, block: Sequence[Instruction], address: int) -> int:
        """As `ArmTiming` says; a loop of one block begins a round with what the round before has under way."""
        last = block[-1].vector
        if last is not None and last.target == address:
            body = block[:-1]
            return _ends([*body, *body]) - _ends(body)
        return super().straight(block, address)

    def branch(self, last: Instruction) -> tuple[int, int]:
        """As `ArmTiming` says."""
        if last.vector is not None:
            return (0, 0) if last.name == "le" else (1 + REFILL, 1 + REFILL)
        taken = (TABLE_BRANCH if last.kind == "table" else _busy(last)) + REFILL
        return taken, 1 if last.conditional else taken

    def beyond(self, code: bytes, address: int) -> Instruction | None:
        """As `ArmTiming` says."""
        first, second = int.from_bytes(code[:2], "little"), int.from_bytes(code[2:4], "little")
        vector = decode(first, second, address) if len(code) >= 4 else None
        if vector is None:
            return None
        ends = vector.target is not None
        reads, writes = (frozenset(_REGISTERS[r] for r in rs) for rs in (vector.reads, vector.writes))
        return Instruction(
            vector.name, "vector", True, conditional=ends, branches=ends, reads=reads, writes=writes, vector=vector
        )


def _ends(block: Sequence[Instruction]) -> int:
    """The cycle from which on the instruction behind these may begin."""
    ready: dict[int, int] = {}  # register -> cycle from which on it can be read
    free: dict[str, int] = {}  # pipeline -> cycle from which on it is
    flags = now = 0
    before: Instruction | None = None  # what began in the cycle before now, where it began alone
    for i in block:
        needed = max((ready.get(r, 0) for r in i.reads | i.stores), default=0)
        needed = max(needed, flags if i.flags[0] else 0)
        pipe, beats, latency = _occupies(i)
        start = max(now, needed, free.get(pipe, 0))
        if before is not None and _pair(before, i) and needed < now:
            start, before = now - 1, None
        else:
            before = None if i.wide or _busy(i) > 1 else i
        for register in i.writes:
            ready[register] = start + (latency if register in i.loads or not i.loads else 1)
        flags = start + 1 if i.flags[1] else flags
        if pipe:
            free[pipe] = start + beats
        now = max(now, start + _busy(i))
    return now


def _occupies(i: Instruction) -> tuple[str, int, int]:
    """Which pipeline it occupies and for how many cycles, and after how many its result can be read."""
    if i.vector is not None:
        return i.vector.pipe, i.vector.beats, i.vector.latency
    if i.kind == "float":
        if i.name in ("vdiv", "vsqrt"):
            return "multiply", FLOAT_DIVISION, FLOAT_DIVISION + 2
        return "multiply", 1, 4 if i.name.startswith(_ACCUMULATING) else 2
    if i.kind == "several" and i.name.startswith("v"):
        return "memory", _busy(i), 2
    slow = i.name.startswith(_SLOW) or (i.shifted and not i.name.startswith(_SHIFTS))
    return "", 0, 2 if slow else LATENCY.get(i.kind, 1)


def _busy(i: Instruction) -> int:
    """Cycles in which nothing behind it begins."""
    if i.kind == "several":
        return max(1, (i.words + 1) // 2)
    if i.name == "dls":
        return 1 + REFILL  # of the first time that the loop goes back
    return DIVISION if i.kind == "divide" else 1


def _pair(first: Instruction, second: Instruction) -> bool:
    """Whether two instructions can begin in one cycle, results aside."""
    if first.wide or second.wide or "" in (first.name, second.name):
        return False
    return any(
        i.name in _QUICK or (i.name in _CONSTANT and len(i.reads) == 1 and arm.ARM_REG_SP not in i.reads)
        for i in (first, second)
    )


TIMING = CortexM55()
