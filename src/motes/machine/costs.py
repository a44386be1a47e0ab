"""What a basic block costs on a Cortex-M4 with zero wait states.

Source: Cortex-M4 Technical Reference Manual r0p1, section 3.3.1. Two of its ranges are taken as one figure: a
division costs 6 cycles (2 to 12 there), and a taken branch refills the pipeline in 2 (1 to 3 there). Not modelled: wait
states of the flash, contention for the bus, unaligned accesses, stalls on the result of a floating-point instruction,
and the folding of IT. An instruction that an IT block skips costs as if it were executed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import capstone
from capstone import arm

from motes.machine.alignment import Reliance, reliances

REFILL = 2
LOAD, PIPELINED_LOAD = 2, 1
DIVISION = 6
DOUBLE_WORD = 3  # LDRD, STRD, VLDR and VSTR of a double
TABLE_BRANCH = 2  # TBB, TBH, without the refill

_LOADS = frozenset(
    "ldr ldrb ldrh ldrsb ldrsh ldrt ldrbt ldrht ldrsbt ldrsht ldrex ldrexb ldrexh".split()  # noqa: SIM905
)
_STORES = frozenset("str strb strh strt strbt strht strex strexb strexh".split())  # noqa: SIM905
_MULTIPLE = frozenset(
    "ldm ldmdb stm stmdb push pop vldmia vldmdb vstmia vstmdb vpush vpop".split()  # noqa: SIM905
)
_WITHOUT_BASE = frozenset(("push", "pop", "vpush", "vpop"))
_BRANCHES = frozenset(("b", "bl", "blx", "bx", "cbz", "cbnz"))
_TABLE_BRANCHES = frozenset(("tbb", "tbh"))
_FIXED = {"sdiv": DIVISION, "udiv": DIVISION, "ldrd": DOUBLE_WORD, "strd": DOUBLE_WORD, "vdiv": 14, "vsqrt": 14}
_FUSED = ("vfma", "vfms", "vfnm", "vmla", "vmls", "vnml")
_WIDE = frozenset((0b11101, 0b11110, 0b11111))  # the first five bits of a 32-bit Thumb instruction


@dataclass(frozen=True)
class BlockCost:
    """What one execution of a straight run of instructions costs.

    `cycles` leaves out the branch that ends the block: that is `taken` or `fallen`, both 0 where nothing branches.
    """

    instructions: int
    cycles: int
    taken: int
    fallen: int
    reliances: dict[Reliance, int]
    """What must be aligned on entry, with the address of the first instruction that needs it."""


@dataclass(frozen=True)
class _Step:
    """One instruction: its cycles, and what the next one must know."""

    cycles: int = 1
    kind: str = ""  # "load" or "store" of a single register, "branch", or nothing of those
    loaded: int = 0  # the register that a single load writes
    conditional: bool = False
    writes_pc: bool = False


@functools.cache
def cost_of(code: bytes, address: int) -> BlockCost:
    """The cost of the block with these bytes at this address: decoded once, however often the image runs."""
    return _model().cost(code, address)


@functools.cache
def _model() -> CostModel:
    return CostModel()


class CostModel:
    """Decodes blocks; it holds a disassembler, so make it once."""

    def __init__(self) -> None:
        self._decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
        self._decoder.detail = True

    def cost(self, code: bytes, address: int) -> BlockCost:
        """The cost of the block with these bytes at this address."""
        steps: list[_Step] = []
        known: list[tuple[str, Any, bool]] = []
        in_it_block = 0
        for instruction in self._decode(code, address):
            if instruction is None:
                steps.append(_Step())
                continue
            name = self._decoder.insn_name(instruction.id)
            known.append((name, instruction, in_it_block > 0))
            steps.append(_step(*known[-1], steps[-1] if steps else _Step()))
            in_it_block = len(instruction.mnemonic) - 1 if name == "it" else max(0, in_it_block - 1)
        total, last, relied = sum(s.cycles for s in steps), steps[-1], reliances(known)
        if last.kind != "branch" and not last.writes_pc:
            return BlockCost(len(steps), total, 0, 0, relied)
        taken = last.cycles + REFILL
        return BlockCost(len(steps), total - last.cycles, taken, 1 if last.conditional else taken, relied)

    def _decode(self, code: bytes, address: int) -> Iterator[Any]:
        """The instructions, None for one that the disassembler does not know."""
        at = 0
        while at < len(code):
            for instruction in self._decoder.disasm(code[at:], address + at):
                yield instruction
                at += instruction.size
            if at < len(code):
                yield None
                at += 4 if code[at + 1] >> 3 in _WIDE else 2


def _step(name: str, i: Any, conditional: bool, before: _Step) -> _Step:
    """The instruction, behind another one."""
    if name in _LOADS:
        return _load(i, before, conditional)
    if name in _STORES:
        return _Step(kind="store")
    if name in _MULTIPLE:
        return _multiple(i, name, conditional)
    if name in _BRANCHES:
        tested = name in ("cbz", "cbnz") or i.cc not in (arm.ARM_CC_AL, arm.ARM_CC_INVALID)
        return _Step(kind="branch", conditional=conditional or tested)
    if name in _TABLE_BRANCHES:
        return _Step(TABLE_BRANCH, kind="branch", conditional=conditional)
    if name in ("mov", "add") and _is_register(i.operands, arm.ARM_REG_PC):
        return _Step(kind="branch", conditional=conditional)
    if name in _FIXED:
        return _Step(_FIXED[name])
    if name.startswith(_FUSED):
        return _Step(3)
    if name in ("vldr", "vstr"):
        return _Step(DOUBLE_WORD if _is_double(i, i.operands[0]) else 2)
    if name == "vmov" and len(i.operands) >= 3:
        return _Step(2)
    return _Step()


def _load(i: Any, before: _Step, conditional: bool) -> _Step:
    """A single load: it runs behind another load or store unless its address waits for that load."""
    loaded = i.operands[0].reg
    memory = next((o.mem for o in i.operands if o.type == arm.ARM_OP_MEM), None)
    waits = before.kind == "load" and memory is not None and before.loaded in (memory.base, memory.index)
    cycles = PIPELINED_LOAD if before.kind in ("load", "store") and not waits else LOAD
    return _Step(cycles, "load", loaded, conditional, loaded == arm.ARM_REG_PC)


def _multiple(i: Any, name: str, conditional: bool) -> _Step:
    """LDM and its kin: one cycle, and one for each word."""
    listed = i.operands if name in _WITHOUT_BASE else i.operands[1:]
    words = sum(2 if name.startswith("v") and _is_double(i, o) else 1 for o in listed)
    writes_pc = any(o.reg == arm.ARM_REG_PC for o in listed)
    return _Step(1 + words, conditional=conditional, writes_pc=writes_pc)


def _is_register(operands: Any, register: int) -> bool:
    return bool(operands) and operands[0].type == arm.ARM_OP_REG and operands[0].reg == register


def _is_double(i: Any, operand: Any) -> bool:
    return str(i.reg_name(operand.reg)).startswith("d")
