"""Cortex-M7 running from tightly coupled memory, or with warm caches: two instructions a cycle, in order.

Arm publishes no cycles of its instructions. What is here follows measurements on an STM32H743
(github.com/jnk0le/random, "pipeline cycle test") and an STM32H730 (quinapalus.com, "Cortex-M7 instruction cycle counts,
timings, and dual-issue combinations"), and LLVM's ARMScheduleM7.td where these say nothing.

An instruction that begins in cycle t is in stage 1 of the pipeline then, in stage 2 in cycle t + 1, and so on. What a
stage makes, the next one can read, in an instruction of the same cycle as well:

- stage 1 reads addresses and operands that are shifted on the way, stage 2 other operands and factors, stage 3 what a
  product is added to, stage 4 what is stored;
- stage 1 makes additions, moves and shifts whose operands are there; stage 2 what other ALUs make; stage 3 products,
  saturated values, what is loaded, and what VMOV brings from a float register. An ALU that shifts nothing can read a
  loaded word a stage earlier.

Two instructions begin in one cycle, unless both multiply, or store, or compute floats; one multiplies and one stores;
both load, other than words of one base, an odd number of words apart, which lie in both banks of the memory; the second
is a DSP or bit field instruction, products aside; or both shift on the way. What moves several words goes alone, two
words a cycle.

Not modelled: loads of two bases side by side, half of which go together; loads that are not aligned, 3 cycles more; the
buffer of stores, which takes but a byte in 2 to 4 cycles where there are many; branches predicted wrongly, 6 to 8
cycles; and that other branches may cost half a cycle. Each block begins with nothing under way. MLPerf Tiny results of
one engine on this core and on the Cortex-M4 (ST, v1.2 and v1.3) have ratios of 0.58 to 0.71; docs/cores.md has those of
this model beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from capstone import arm

from motes.machine.timing.arm import ArmTiming, Instruction
from motes.machine.timing.blocks import InterruptCycles

BRANCH = 1  # one that is predicted
CALL_OR_RETURN = 2  # one that loads the program counter, or goes through a table
DIVISION = 6
FLOAT_DIVISION = 14
FIRST, SECOND, THIRD, FOURTH = 1, 2, 3, 4  # stages

_MOVES = ("load", "store", "several")
_SHIFTS = ("lsl", "lsr", "asr", "ror")
_QUICK = ("add", "sub", "mov", *_SHIFTS)
_SATURATING = ("ssat", "usat", "qadd", "qsub", "qdadd", "qdsub", "uqadd", "uqsub", "usad")
_FIELDS = ("sbfx", "ubfx", "rbit", "rev", "pkhtb", "ssat", "usat")  # read all operands in stage 1
_SHIFTING = ("bf", "pkh", *_FIELDS)
_LANES = ("add8", "add16", "sub8", "sub16", "asx", "sax")
_DSP = (
    *("sxt", "uxt", "sel", "clz", *_SHIFTING, *_SATURATING),
    *(f"{kind}{lanes}" for kind in ("s", "u", "sh", "uh", "uq") for lanes in _LANES),
)


class CortexM7(ArmTiming):
    """Instructions begin in order, two a cycle where they go together."""

    interrupts = InterruptCycles(entry=12, leave=12, chain=6, lazy_floats=9)

    def cycles(self, block: Sequence[Instruction]) -> int:
        """As `ArmTiming` says."""
        made: dict[
            int, tuple[int, int]
        ] = {}  # register -> cycle plus stage that makes it, for plain ALUs and for others
        first: Instruction | None = None  # what has begun alone in the cycle `now`
        flags = now = ends = 0
        for i in block:
            start = max(now, flags if i.flags[0] else 0, _ready(i, made))
            beside = first is not None and start == now and _together(first, i)
            now = start if beside else max(start, ends)
            ends = now + _busy(i)
            stages = _stages(i, early=_ready(i, made, FIRST) <= now and (not beside or i.name in _SHIFTS))
            for register, (alu, other) in stages:
                made[register] = ends - 1 + alu, ends - 1 + other
            flags = ends if i.flags[1] else flags
            first = None if beside or ends > now + 1 else i
        return ends

    def branch(self, last: Instruction) -> tuple[int, int]:
        """As `ArmTiming` says."""
        taken = CALL_OR_RETURN + last.words if last.kind in ("table", "several", "load") else BRANCH
        return taken, BRANCH if last.conditional else taken


def _ready(i: Instruction, made: Mapping[int, tuple[int, int]], stage: int = FOURTH) -> int:
    """The cycle from which on it can begin; with operands in `stage` at the latest."""
    return max((made[r][other] + 1 - min(at, stage) for r, at, other in _operands(i) if r in made), default=0)


def _operands(i: Instruction) -> Iterator[tuple[int, int, bool]]:
    """Registers that it reads, in which stage, and whether other than in an ALU that shifts nothing."""
    early = FIRST if i.kind in _MOVES or i.name.startswith(_FIELDS) else SECOND
    for register in i.reads | i.shifted:
        if register in i.shifted:
            yield register, FIRST, i.kind in _MOVES
        elif register in i.sums:
            yield register, THIRD, True
        else:
            yield register, early, bool(i.kind in _MOVES or i.kind == "multiply" or i.shifted)
    for register in i.stores:
        yield register, FOURTH, True


def _stages(i: Instruction, early: bool) -> Iterator[tuple[int, tuple[int, int]]]:
    """Registers that it writes, and the stages that make them: for ALUs that shift nothing, and for others."""
    for register in i.writes:
        if i.kind in _MOVES:
            word = not i.name.startswith(("ldrb", "ldrh", "ldrs"))
            address = register in i.reads - i.loads
            yield register, (FIRST, FIRST) if address else (SECOND if word else THIRD, THIRD)
        elif i.kind == "float":
            stage = FOURTH if arm.ARM_REG_S0 <= register <= arm.ARM_REG_S31 else THIRD
            yield register, (stage, stage)
        elif i.kind == "multiply" or i.name.startswith(_SATURATING):
            yield register, (THIRD, THIRD)
        elif i.name.startswith("rev") or (early and i.name in _QUICK and not i.shifted):
            yield register, (FIRST, FIRST)
        else:
            yield register, (SECOND, SECOND)


def _together(first: Instruction, second: Instruction) -> bool:
    """Whether the second can begin in the cycle of the first, as far as what they occupy goes."""
    pair = (first, second)
    kinds = [_unit(i) for i in pair]
    if "alone" in kinds or _is_dsp(second):
        return False
    if kinds == ["load", "load"]:
        return _both_banks(first, second)
    if kinds[0] == kinds[1] != "other" or set(kinds) == {"multiply", "store"}:
        return False
    shifts = [bool(i.shifted) or i.name.startswith(_SHIFTING) for i in pair]
    return not (second.shifted and (shifts[0] or first.name in _SHIFTS))


def _unit(i: Instruction) -> str:
    """What it occupies: the same serves one of two, except "other", and what is "alone" goes with nothing."""
    if i.kind == "several" and i.words == 1:
        return "store" if i.name.startswith("vst") else "load"
    if i.kind in ("several", "divide", "table") or (i.kind == "float" and i.words):
        return "alone"
    return i.kind if i.kind in ("load", "store", "multiply", "float") else "other"


def _is_dsp(i: Instruction) -> bool:
    return i.kind == "other" and i.name.startswith(_DSP)


def _both_banks(first: Instruction, second: Instruction) -> bool:
    """Whether two words are known to lie in different banks: even and odd words."""
    if first.word is None or second.word is None or first.word[0] != second.word[0] or first.writes & second.reads:
        return False
    return (first.word[1] - second.word[1]) % 8 == 4


def _busy(i: Instruction) -> int:
    """Cycles in which nothing behind it begins, its own included."""
    if i.kind == "several":
        return max(1, (i.words + 1) // 2)
    if i.kind == "divide":
        return DIVISION
    return FLOAT_DIVISION if i.name in ("vdiv", "vsqrt") else 1


TIMING = CortexM7()
