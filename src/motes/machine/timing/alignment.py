"""Which registers a block relies on to be aligned.

Loads and stores of several words (LDM, STM, LDRD, STRD), and those of the FPU, need an address that is a multiple of
four, or the core raises a usage fault (Armv7-M Architecture Reference Manual, section A3.2.1); on Armv6-M, single
words do as well. The emulator lets them pass. So each block is looked at once: where such an address is a register at
the block's entry plus a constant, that register is checked whenever the block is entered. Other addresses, and what an
IT block may skip, are not checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from capstone import arm

WORD = 4
REGISTERS = (*range(arm.ARM_REG_R0, arm.ARM_REG_R12 + 1), arm.ARM_REG_SP, arm.ARM_REG_LR)
"""The registers that can be relied on, r0 to r14, by the disassembler's numbers."""

_WORD = frozenset(("ldr", "str"))
_DOUBLE = frozenset(("ldrd", "strd"))
_FLOAT = frozenset(("vldr", "vstr"))
_UP = frozenset(("ldm", "stm", "vldmia", "vstmia"))
_DOWN = frozenset(("ldmdb", "stmdb", "vldmdb", "vstmdb"))
_ALIGNED = _DOUBLE | _FLOAT | _UP | _DOWN


class Reliance(NamedTuple):
    """At the block's entry, register r`number` (0 to 14) plus `offset` must be a multiple of four."""

    number: int
    offset: int


class _Value(NamedTuple):
    """What a register holds modulo four: what `register` held at the block's entry (None: nothing), plus `offset`."""

    register: int | None
    offset: int


def reliances(instructions: Sequence[tuple[str, Any, bool]], words: bool = False) -> dict[Reliance, int]:
    """What the block relies on, each with the address of the first instruction that does.

    Args:
        instructions: of one block, each with its name, as disassembled, and whether an IT block may skip it.
        words: single words must be aligned, too.
    """
    held: dict[int, _Value] = {r: _Value(r, 0) for r in REGISTERS}
    found: dict[Reliance, int] = {}
    aligned = _ALIGNED | _WORD if words else _ALIGNED
    last = max((i for i, (name, _, _) in enumerate(instructions) if name in aligned), default=-1)
    for name, instruction, skippable in instructions[: last + 1]:
        base, offset = _access(name, instruction, words)
        value = held.get(base)
        if value is not None and value.register is not None and not skippable:
            reliance = Reliance(REGISTERS.index(value.register), (value.offset + offset) % WORD)
            found.setdefault(reliance, instruction.address)
        after = {} if skippable else _after(name, instruction, held)
        for register in instruction.regs_access()[1]:
            held.pop(register, None)
        held.update(after)
    return found


def _access(name: str, i: Any, words: bool) -> tuple[int, int]:
    """The base register and the displacement of an access that must be aligned; register 0 where there is none."""
    if words and name in _WORD and i.operands[1].type == arm.ARM_OP_MEM and not i.operands[1].mem.index:
        return i.operands[1].mem.base, i.operands[1].mem.disp
    if name in _DOUBLE or name in _FLOAT:
        memory = i.operands[-1] if i.operands[-1].type == arm.ARM_OP_MEM else i.operands[-2]
        return memory.mem.base, memory.mem.disp
    if name in _UP or name in _DOWN:
        return i.operands[0].reg, 0
    return 0, 0


def _after(name: str, i: Any, held: dict[int, _Value]) -> dict[int, _Value]:
    """The registers of which the instruction leaves something known."""
    operands = i.operands
    if i.writeback:
        return _written_back(name, i, held)
    if name in ("mov", "movw") and len(operands) == 2:
        return _known(operands[0].reg, _operand(operands[1], held))
    if name in ("add", "addw", "sub", "subw") and operands[0].type == arm.ARM_OP_REG:
        left = held.get(operands[-2].reg)
        right = _operand(operands[-1], held)
        if left is not None and right is not None and right.register is None:
            sign = 1 if name.startswith("add") else -1
            return _known(operands[0].reg, _Value(left.register, (left.offset + sign * right.offset) % WORD))
    return {}


def _written_back(name: str, i: Any, held: dict[int, _Value]) -> dict[int, _Value]:
    """The base register, where the step is known: whole words for multiple accesses, else an immediate."""
    if name in _UP or name in _DOWN:
        base, step = i.operands[0].reg, 0
    else:
        memory = next((o.mem for o in i.operands if o.type == arm.ARM_OP_MEM), None)
        last = i.operands[-1]
        if memory is None or memory.index:
            return {}
        base, step = memory.base, last.imm if last.type == arm.ARM_OP_IMM else memory.disp
    value = held.get(base)
    return {} if value is None else {base: _Value(value.register, (value.offset + step) % WORD)}


def _operand(operand: Any, held: dict[int, _Value]) -> _Value | None:
    """What an operand is modulo four, where that is known; anything shifted left by two or more is 0."""
    if operand.type == arm.ARM_OP_IMM:
        return _Value(None, operand.imm % WORD)
    if operand.type != arm.ARM_OP_REG:
        return None
    if operand.shift.type == arm.ARM_SFT_INVALID:
        return held.get(operand.reg)
    if operand.shift.type == arm.ARM_SFT_LSL and operand.shift.value >= 2:
        return _Value(None, 0)
    return None


def _known(register: int, value: _Value | None) -> dict[int, _Value]:
    return {} if value is None else {register: value}
