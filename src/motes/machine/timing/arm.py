"""Basic blocks of Arm cores of the M profile: decoded, and costed by a table of the core."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from capstone import arm

from motes import disassembly
from motes.helium import Vector
from motes.machine.timing.alignment import reliances
from motes.machine.timing.blocks import BlockCost, InterruptCycles

Kind = Literal[
    "other", "load", "store", "several", "call", "branch", "table", "multiply", "divide", "float", "it", "vector"
]

TABLE_BRANCH = 2  # cycles of TBB and TBH, without the refill
_FUSED = ("vfma", "vfms", "vfnm", "vmla", "vmls", "vnml")
_LOADS = frozenset(
    "ldr ldrb ldrh ldrsb ldrsh ldrt ldrbt ldrht ldrsbt ldrsht ldrex ldrexb ldrexh".split()  # noqa: SIM905
)
_STORES = frozenset("str strb strh strt strbt strht strex strexb strexh".split())  # noqa: SIM905
_SEVERAL = frozenset(
    "ldm ldmdb stm stmdb push pop vldmia vldmdb vstmia vstmdb vpush vpop".split()  # noqa: SIM905
)
_WITHOUT_BASE = frozenset(("push", "pop", "vpush", "vpop"))
_BRANCHES = frozenset(("b", "bx", "cbz", "cbnz"))
_CALLS = frozenset(("bl", "blx"))
_TABLES = frozenset(("tbb", "tbh"))
_DIVISIONS = frozenset(("sdiv", "udiv"))
_DOUBLE_WORDS = frozenset(("ldrd", "strd"))
_MULTIPLIES = ("mul", "mla", "mls", "smul", "smla", "smml", "smmul", "smmls", "smuad", "smusd", "smls", "umul", "umla")
_WIDE = frozenset((0b11101, 0b11110, 0b11111))  # the first five bits of a 32-bit Thumb instruction


@dataclass(frozen=True)
class Instruction:
    """One instruction, as far as timing asks."""

    name: str
    """Without suffixes of width and condition; empty where the disassembler does not know it."""
    kind: Kind
    wide: bool
    """Whether it takes 32 bits."""
    words: int = 0
    """That it moves, where these are several."""
    conditional: bool = False
    """A branch that may fall through."""
    branches: bool = False
    """Whether it writes the program counter."""
    reads: frozenset[int] = frozenset()
    """Registers, by the disassembler's numbers; of a load and a store, those of the address."""
    stores: frozenset[int] = frozenset()
    """The registers that a store takes its data from."""
    loads: frozenset[int] = frozenset()
    """The register that a load loads; it writes that of its address as well, where it changes it."""
    sums: frozenset[int] = frozenset()
    """The register that a multiplication adds to, unless it multiplies it as well."""
    writes: frozenset[int] = frozenset()
    flags: tuple[bool, bool] = (False, False)
    """Whether it reads and whether it sets them."""
    shifted: frozenset[int] = frozenset()
    """Registers that are shifted on the way."""
    word: tuple[int, int] | None = None
    """The base register and the offset in bytes of a word that it loads, where these are all of its address."""
    vector: Vector | None = None
    """What it is beyond the disassembler."""


class ArmTiming(ABC):
    """The cycle model of an Arm core; it holds a disassembler."""

    interrupts: InterruptCycles
    words_aligned = False
    """Whether the core faults where a single word is not aligned."""

    def __init__(self) -> None:
        self._decoder = disassembly.thumb()
        self._decoder.detail = True
        self._met: dict[tuple[bytes, bool], Instruction] = {}

    @abstractmethod
    def cycles(self, block: Sequence[Instruction]) -> int:
        """Cycles of all instructions but a branch at the end."""

    @abstractmethod
    def branch(self, last: Instruction) -> tuple[int, int]:
        """Cycles of the instruction at the end of a block, which may write the program counter: taken, and not."""

    def cost(self, code: bytes, address: int) -> BlockCost:
        """The cost of the block with these bytes at this address."""
        block: list[Instruction] = []
        known: list[tuple[str, Any, bool]] = []
        in_it_block = 0
        for decoded, size in self._decode(code, address):
            if decoded is None or isinstance(decoded, Instruction):
                block.append(decoded or Instruction("", "other", size == 4))
                continue
            at = decoded.address - address
            instruction = self._instruction(code[at : at + size], decoded, in_it_block > 0)
            known.append((instruction.name, decoded, in_it_block > 0))
            block.append(instruction)
            in_it_block = len(decoded.mnemonic) - 1 if instruction.name == "it" else max(0, in_it_block - 1)
        relied = reliances(known, self.words_aligned)
        taken, fallen = self.branch(block[-1]) if block[-1].branches else (0, 0)
        return BlockCost(len(block), self.straight(block, address), taken, fallen, relied)

    def straight(self, block: Sequence[Instruction], address: int) -> int:
        """Cycles of the block at this address, without a branch at its end."""
        return self.cycles(block[:-1] if block[-1].branches else block)

    def beyond(self, code: bytes, address: int) -> Instruction | None:
        """The instruction at the beginning of this code, where it is of those that the disassembler does not know."""
        return None

    def _instruction(self, code: bytes, decoded: Any, skippable: bool) -> Instruction:
        """What timing asks of an instruction: the same wherever the same bytes are, so it is found out once."""
        if (code, skippable) not in self._met:
            name = self._decoder.insn_name(decoded.id)
            self._met[code, skippable] = _instruction(name, decoded, skippable)
        return self._met[code, skippable]

    def _decode(self, code: bytes, address: int) -> Iterator[tuple[Any, int]]:
        """The instructions with their sizes; None for one that nobody knows."""
        at = 0
        while at < len(code):
            own: Instruction | None = None
            for instruction in self._decoder.disasm(code[at:], address + at):
                own = self.beyond(code[at:], address + at)
                if own is not None:  # and not what the disassembler takes it for
                    break
                yield instruction, instruction.size
                at += instruction.size
            if at < len(code):
                own = own or self.beyond(code[at:], address + at)
                size = 4 if code[at + 1] >> 3 in _WIDE else 2
                yield own, size
                at += size


def alone(i: Instruction, *, load: int, division: int) -> int:
    """Cycles of an instruction that nothing overlaps, a branch without its refill: Cortex-M4 and cores after it.

    Source: Cortex-M4 Technical Reference Manual r0p1, section 3.3.1.
    """
    if i.kind == "load":
        return load
    if i.kind == "several":
        return 1 + i.words
    if i.kind == "table":
        return TABLE_BRANCH
    if i.kind == "divide":
        return division
    if i.kind != "float":
        return 1
    if i.name.startswith(_FUSED):
        return 3
    if i.name in ("vdiv", "vsqrt"):
        return 14
    return 2 if i.words else 1


def _instruction(name: str, i: Any, skippable: bool) -> Instruction:
    """What timing asks of a decoded instruction."""
    kind, words = _kind(name, i)
    read, written = (frozenset(r) for r in i.regs_access())
    tested = name in ("cbz", "cbnz") or (name in _BRANCHES and i.cc not in (arm.ARM_CC_AL, arm.ARM_CC_INVALID))
    stores = loads = frozenset[int]()
    word = None
    to_pc = kind == "several" and any(o.reg == arm.ARM_REG_PC for o in i.operands)
    if kind in ("load", "store"):
        memory = next((o.mem for o in i.operands if o.type == arm.ARM_OP_MEM), None)
        address = frozenset((memory.base, memory.index)) - {0} if memory is not None else frozenset[int]()
        data = frozenset((i.operands[0].reg,))
        stores, loads = (data, loads) if kind == "store" else (stores, data)
        read, to_pc = address, arm.ARM_REG_PC in loads
        if name == "ldr" and memory is not None and not memory.index:
            word = memory.base, memory.disp
    named = [o.reg for o in i.operands if o.type == arm.ARM_OP_REG]
    if kind == "other":  # the disassembler leaves out what SSAT, PKHBT and their like shift
        read |= frozenset(named[1:])
    adds = kind == "multiply" and len(named) == 4 and not name.startswith(("smull", "umull"))
    sums = frozenset(named[3:]) - frozenset(named[1:3]) if adds else frozenset[int]()
    flags = arm.ARM_REG_CPSR in read or skippable or tested, bool(i.update_flags)
    return Instruction(
        name,
        kind,
        wide=i.size == 4,
        words=words,
        conditional=skippable or tested,
        branches=kind in ("branch", "call", "table") or to_pc,
        reads=read - {arm.ARM_REG_CPSR},
        stores=stores,
        loads=loads,
        sums=sums,
        writes=written - {arm.ARM_REG_CPSR, arm.ARM_REG_PC},
        flags=flags,
        shifted=frozenset(o.reg for o in i.operands if _is_shifted(o)),
        word=word,
    )


def _kind(name: str, i: Any) -> tuple[Kind, int]:
    """The kind, and the words that it loads or stores where these are several."""
    if name in _LOADS:
        return "load", 0
    if name in _STORES:
        return "store", 0
    if name in _SEVERAL:
        listed = i.operands if name in _WITHOUT_BASE else i.operands[1:]
        return "several", sum(2 if name.startswith("v") and _is_double(i, o) else 1 for o in listed)
    if name in _DOUBLE_WORDS:
        return "several", 2
    if name in ("vldr", "vstr"):
        return "several", 2 if _is_double(i, i.operands[0]) else 1
    if name in _CALLS:
        return "call", 0
    if name in _BRANCHES or (name in ("mov", "add") and _is_register(i.operands, arm.ARM_REG_PC)):
        return "branch", 0
    if name in _TABLES:
        return "table", 0
    if name in _DIVISIONS:
        return "divide", 0
    if name.startswith("v"):
        return "float", 2 if name == "vmov" and len(i.operands) >= 3 else 0
    if name.startswith(_MULTIPLIES):
        return "multiply", 0
    return ("it" if name == "it" else "other"), 0


def _is_shifted(operand: Any) -> bool:
    return bool(operand.type == arm.ARM_OP_REG and operand.shift.type != arm.ARM_SFT_INVALID)


def _is_register(operands: Any, register: int) -> bool:
    return bool(operands) and operands[0].type == arm.ARM_OP_REG and operands[0].reg == register


def _is_double(i: Any, operand: Any) -> bool:
    return str(i.reg_name(operand.reg)).startswith("d")
