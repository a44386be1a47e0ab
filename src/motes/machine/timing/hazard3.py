"""Hazard3, the RISC-V core of the RP2350, with memory that never stalls.

Source: the documentation of Hazard3, "Instruction Cycle Counts", as configured in the RP2350 (datasheet, section 3.8: a
multiplier of one cycle for both halves of a product, two bits of a division a cycle). A load takes one cycle, and
one more where the next instruction needs what it loads. Not modelled: the extra cycle of a jump to a 32-bit instruction
that straddles words, the branch predictor, waits for flash. The entry to a handler is taken to cost a jump and a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from capstone import riscv

from motes import disassembly
from motes.machine.timing.blocks import BlockCost, InterruptCycles

JUMP = 2
TAKEN, FALLEN = 2, 1
WAIT = 1  # for what the instruction before has loaded
DIVISION = 18

_LOADS = frozenset(("lb", "lbu", "lh", "lhu", "lw", "lwsp"))
_DIVISIONS = frozenset(("div", "divu", "rem", "remu"))
_BRANCHES = frozenset(("beq", "bne", "blt", "bge", "bltu", "bgeu", "beqz", "bnez", "blez", "bgez", "bltz", "bgtz"))
_JUMPS = frozenset(("j", "jal", "jr", "jalr", "ret", "mret"))


class Hazard3:
    """One instruction after the other; only the use of what was just loaded waits."""

    interrupts = InterruptCycles(entry=4, leave=2, chain=4, lazy_floats=0)

    def __init__(self) -> None:
        self._decoder = disassembly.riscv()
        self._decoder.detail = True

    def cost(self, code: bytes, address: int) -> BlockCost:
        """The cost of the block with these bytes at this address."""
        count = cycles = loaded = 0
        name = ""
        for instruction in self._decode(code, address):
            count += 1
            name = "" if instruction is None else instruction.mnemonic.removeprefix("c.")
            wait = WAIT if instruction is not None and loaded and loaded in _reads(name, instruction) else 0
            loaded = instruction.operands[0].reg if instruction is not None and name in _LOADS else 0
            own = DIVISION if name in _DIVISIONS else 0 if name in _BRANCHES or name in _JUMPS else 1
            cycles += own + wait
        if name in _BRANCHES:
            return BlockCost(count, cycles, TAKEN, FALLEN)
        jump = JUMP if name in _JUMPS else 0
        return BlockCost(count, cycles, jump, jump)

    def _decode(self, code: bytes, address: int) -> Iterator[Any]:
        """The instructions, None for one that the disassembler does not know."""
        at = 0
        while at < len(code):
            for instruction in self._decoder.disasm(code[at:], address + at):
                yield instruction
                at += instruction.size
            if at < len(code):
                yield None
                at += 4 if code[at] & 3 == 3 else 2


def _reads(name: str, i: Any) -> set[int]:
    """Registers that the instruction reads: all but the first, which it writes, unless it is a store or a branch."""
    named = [o.reg for o in i.operands if o.type == riscv.RISCV_OP_REG]
    based = [o.mem.base for o in i.operands if o.type == riscv.RISCV_OP_MEM]
    two_operands = (
        i.mnemonic.startswith("c.") and len(named) > 0 and name not in _LOADS and name not in ("mv", "li", "lui")
    )
    keeps_first = name in _BRANCHES or name in ("sb", "sh", "sw", "swsp", "jr", "jalr") or two_operands
    return {*(named if keeps_first else named[1:]), *based}


TIMING = Hazard3()
