"""RISC-V of 32 bits with compressed instructions. An interrupt stacks nothing: its handler does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from motes import disassembly
from motes.build.stack.code import Function, Instruction, Reader
from motes.errors import BuildFailed

_BRANCHES = frozenset(("beq", "bne", "blt", "bge", "bltu", "bgeu", "beqz", "bnez", "blez", "bgez", "bltz", "bgtz"))


class RiscvReader(Reader):
    """Reads RISC-V; constants that two instructions put together are known to the one behind them."""

    mark = "$x"
    frame = 0

    def __init__(self) -> None:
        self._decoder = disassembly.riscv()

    def instructions(self, data: bytes, start: int) -> Iterator[Instruction]:
        """As `Reader` says; targets are addresses, and constants stand where a register held one."""
        at, end = start, start + len(data)
        known: dict[str, int] = {}
        while at < end:
            for address, size, mnemonic, operands in self._decoder.disasm_lite(data[at - start :], at):
                yield _resolved(Instruction(address, size, mnemonic.removeprefix("c."), operands), known)
                at = address + size
            if at < end:  # an instruction that the decoder does not know: it leaves the stack alone
                size = 4 if data[at - start] & 3 == 3 else 2
                yield Instruction(at, size, "?", "")
                at += size

    def moved(self, i: Instruction, function: str) -> int:
        """As `Reader` says."""
        target, *rest = _split(i.operands)
        stores = i.name in ("sw", "sh", "sb", "swsp") or i.name in _BRANCHES
        if target != "sp" or stores:
            return 0
        if i.name in ("addi", "addi16sp", "add", "sub"):
            amount = _number(rest[-1])
            if amount is not None and (len(rest) == 1 or rest[0] == "sp"):
                return amount if i.name == "sub" else -amount
        raise BuildFailed(
            f"{function}: {i.name} {i.operands} at {i.address:#x} moves the stack by an unknown amount; "
            "the stack cannot be bounded"
        )

    def after(self, i: Instruction, function: Function, depth: int) -> Iterator[int]:
        """As `Reader` says."""
        operands = _split(i.operands)
        ends = i.name in ("j", "jr", "ret", "mret", "ebreak", "unimp")
        if i.name in _BRANCHES or i.name in ("j", "jal") or (i.name in ("jr", "jalr") and _number(operands[-1])):
            target = _number(operands[-1])
            assert target is not None, i
            if i.name not in ("jal", "jalr") and function.start <= target < function.end:
                yield target
            else:
                function.calls.append((target, depth))  # a call, or a jump to another function in its place
        elif i.name == "jalr" or (i.name == "jr" and operands != ["ra"]):
            raise BuildFailed(
                f"{function.name}: {i.name} {i.operands} at {i.address:#x} calls through a pointer; "
                "the stack cannot be bounded"
            )
        if not ends:
            yield i.address + i.size


def _resolved(i: Instruction, known: dict[str, int]) -> Instruction:
    """The instruction with addresses for distances, and constants for the registers that hold them; what it makes of
    them is noted."""
    operands = _split(i.operands)
    numbers = [_number(o) for o in operands]
    last = numbers[-1]
    found = i
    if (i.name in _BRANCHES or i.name in ("j", "jal")) and last is not None:
        found = replace(i, operands=", ".join((*operands[:-1], hex(i.address + last))))
    elif i.name in ("jr", "jalr"):
        base, offset = (operands[-1], 0) if last is None else (operands[-2], last)
        if base in known and base not in ("", "zero"):
            found = replace(i, operands=hex(known[base] + offset & 0xFFFFFFFF))
    elif i.name in ("add", "sub") and operands[0] == "sp" and operands[-1] in known:
        found = replace(i, operands=f"sp, sp, {_signed(known[operands[-1]])}")
    value: int | None = None
    if i.name in ("lui", "auipc") and last is not None:
        value = (last << 12) + (i.address if i.name == "auipc" else 0)
    elif i.name == "li" and last is not None:
        value = last
    elif i.name == "addi" and last is not None and operands[-2] in known:
        value = known[operands[-2]] + last
    if value is not None:
        known[operands[0]] = value & 0xFFFFFFFF
    else:
        known.pop(operands[0], None)
        if i.name in ("jal", "jalr") or i.name in _BRANCHES:
            known.clear()
    return found


def _split(operands: str) -> list[str]:
    return [o.strip() for o in operands.split(",")]


def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None


def _signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value
