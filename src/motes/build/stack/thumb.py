"""Thumb, as Cortex-M executes it.

Source: Armv7-M Architecture Reference Manual (DDI 0403), B1.5.6: an exception stacks 8 words, or 26 with the
floating-point context, aligned to 8 bytes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import replace

from motes import disassembly
from motes.build.stack.code import Function, Instruction, Reader
from motes.errors import BuildFailed
from motes.helium import decode

_CONDITIONS = "eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le"
_JUMP_IF = re.compile(rf"b({_CONDITIONS})")
_ALIGN, _UNWIND = "align sp", "unwind sp"
"""Two or three instructions that round the stack pointer down, or set it to the frame pointer less a constant."""
_STACK_POINTER = 13
_SP_ALIGNMENT = 8
_WRITES_SP = re.compile(r"(mov|add|sub|adds|subs|addw|subw|ldr|mvn|and|orr|bic|movs|msr|lsl)$")


class ThumbReader(Reader):
    """Reads Thumb."""

    mark = "$t"
    frame = 26 * 4

    def __init__(self) -> None:
        self._decoder = disassembly.thumb()

    def switches(self, i: Instruction, depth: int) -> bool:
        """As `Reader` says: jump tables, and addresses that the function has put in its own frame. No function is left
        while its frame is there."""
        in_frame = re.fullmatch(r"pc, \[sp(?:, #(\w+))?\]", i.operands) if i.name == "ldr" else None
        return i.name in ("tbb", "tbh") or (in_frame is not None and int(in_frame[1] or "0", 0) < depth)

    def after(self, i: Instruction, function: Function, depth: int) -> Iterator[int]:
        """Where the instruction can go on to inside the function; calls are noted in it."""
        name = i.name
        ends = False
        if name in ("le", "wls"):
            yield int(i.operands, 16)
        elif name in ("b", "bl") or _JUMP_IF.fullmatch(name) or name in ("cbz", "cbnz"):
            target = int(i.operands.rsplit("#", 1)[1], 16)
            inside = function.start < target < function.end  # BL jumps there, too: B of Armv6-M reaches 2 KiB only
            if inside or (name != "bl" and target == function.start):
                yield target
            else:
                function.calls.append((target, depth))  # a call, or a jump to another function in its place
            ends = name == "b" or (inside and name == "bl")
        elif self.switches(i, depth):
            ends = True
        elif name in ("blx", "bx") or (re.match(r"pc\b", i.operands) and name in ("ldr", "mov", "add")):
            returns = (name == "bx" and i.operands == "lr") or (name == "ldr" and i.operands.startswith("pc, [sp], "))
            if not returns:
                raise BuildFailed(
                    f"{function.name}: {name} {i.operands} at {i.address:#x} calls through a pointer; "
                    "the stack cannot be bounded"
                )
            ends = True
        elif (name in ("pop", "ldm") and re.search(r"\bpc\b", i.operands)) or name in ("udf", "bkpt"):
            ends = True
        if not ends or i.conditional:
            yield i.address + i.size

    def deepened(self, i: Instruction, function: Function, depth: int) -> int:
        """As `Reader` says. Where vectors are kept on the stack, clang aligns it, with r7 as frame pointer."""
        sets_frame = re.fullmatch(r"r7, sp, #(\w+)", i.operands)
        if i.name == "add" and sets_frame:
            function.frame = depth - int(sets_frame[1], 0)
        if i.name == _ALIGN:
            return depth + max(0, (1 << int(i.operands)) - _SP_ALIGNMENT)
        if i.name == _UNWIND and function.frame is not None:
            return function.frame + int(i.operands)
        return super().deepened(i, function, depth)

    def moved(self, i: Instruction, function: str) -> int:
        """Bytes by which the instruction deepens the stack; negative where it gives them back."""
        name, operands = i.name, i.operands
        if name in ("push", "vpush"):
            return _registers(operands)
        if name in ("pop", "vpop"):
            return -_registers(operands)
        if operands.startswith("sp!"):  # stmdb, vstmdb; ldm, vldmia
            size = _registers(operands)
            return size if "st" in name else -size
        stored = re.search(r"\[sp(?:, #(-?\w+))?\](!|, #(-?\w+))", operands)
        if stored:
            return -int(stored[1] or stored[3] or "0", 0)
        if (
            name == _UNWIND
            or (re.match(r"sp\b", operands) and _WRITES_SP.match(name))
            or (name == "msr" and "sp" in operands)
        ):
            amount = re.fullmatch(r"sp, (?:sp, )?#(\w+)", operands)
            if amount and name in ("sub", "subw"):
                return int(amount[1], 0)
            if amount and name in ("add", "addw"):
                return -int(amount[1], 0)
            raise BuildFailed(
                f"{function}: {name} {operands} at {i.address:#x} moves the stack by an unknown amount; "
                "the stack cannot be bounded"
            )
        return 0

    def instructions(self, data: bytes, start: int) -> Iterator[Instruction]:
        """As `Reader` says."""
        last = [Instruction(0, 0, "", "")] * 2
        for i in self._disassembled(data, start):
            last = [*last[-2:], i]
            yield _sets_sp(*last) or i

    def _disassembled(self, data: bytes, start: int) -> Iterator[Instruction]:
        at, end, conditions = start, start + len(data), 0
        while at < end:
            own = None
            for address, size, mnemonic, operands in self._decoder.disasm_lite(data[at - start :], at):
                own = _beyond(data[at - start :], at)
                if own is not None:  # and not what the disassembler takes it for
                    break
                name = mnemonic.removesuffix(".w").removesuffix(".n")
                conditional = conditions > 0
                if conditional:
                    conditions -= 1
                    name = re.sub(rf"({_CONDITIONS})$", "", name)
                elif re.fullmatch(r"it[te]{0,3}", name):
                    conditions = len(name) - 1
                yield Instruction(address, size, name, operands, conditional)
                at = address + size
            if at < end:
                own = own or _beyond(data[at - start :], at)
                (half,) = struct.unpack_from("<H", data, at - start)
                size = 4 if half >> 11 in (0x1D, 0x1E, 0x1F) else 2
                yield own or Instruction(at, size, "?", "", conditions > 0)  # which leaves the stack alone
                at += size


def _beyond(data: bytes, at: int) -> Instruction | None:
    """The instruction at the beginning of this code, where it is of those that the disassembler does not know."""
    first, second = int.from_bytes(data[:2], "little"), int.from_bytes(data[2:4], "little")
    found = decode(first, second, at) if len(data) >= 4 else None
    if found is None:
        return None
    if _STACK_POINTER in found.writes:
        raise BuildFailed(f"{found.name} at {at:#x} moves the stack by an unknown amount; the stack cannot be bounded")
    return Instruction(at, 4, found.name, hex(found.target) if found.target is not None else "")


def _sets_sp(before: Instruction, last: Instruction, i: Instruction) -> Instruction | None:
    """What the third of these instructions does where it sets the stack pointer to what those before it have made."""
    moved = re.fullmatch(r"sp, (r\d+)", i.operands) if i.name == "mov" and not i.conditional else None
    if moved is None:
        return None
    register = moved[1]
    cleared = re.fullmatch(rf"{register}, #0, #(\w+)", last.operands) if last.name == "bfc" else None
    if cleared and (before.name, before.operands) == ("mov", f"{register}, sp"):
        return replace(i, name=_ALIGN, operands=str(int(cleared[1], 0)))
    below = re.fullmatch(rf"{register}, r7, #(\w+)", last.operands) if last.name in ("sub", "subw", "subs") else None
    return replace(i, name=_UNWIND, operands=str(int(below[1], 0))) if below else None


def _registers(operands: str) -> int:
    """Bytes of a register list."""
    listed = operands[operands.index("{") + 1 : operands.index("}")].split(",")
    return sum(8 if r.strip().startswith("d") else 4 for r in listed)
