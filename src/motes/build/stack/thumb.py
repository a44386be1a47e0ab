"""Thumb, as Cortex-M executes it.

Source: Armv7-M Architecture Reference Manual (DDI 0403), B1.5.6: an exception stacks 8 words, or 26 with the
floating-point context, aligned to 8 bytes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import capstone

from motes.build.stack.code import Function, Instruction, Reader
from motes.errors import BuildFailed

_CONDITIONS = "eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le"
_JUMP_IF = re.compile(rf"b({_CONDITIONS})")
_WRITES_SP = re.compile(r"(mov|add|sub|adds|subs|addw|subw|ldr|mvn|and|orr|bic|movs|msr|lsl)$")

_FRAMES = {"bfc rN, #0, #4": ("sub", "sp, #8"), "sub rN, r7, ": ("?", "")}
"""What `mov sp, rN` does behind another instruction. A frame of vectors is aligned to 16 bytes, which takes 8 at most;
it is left by way of the frame pointer, which gives back what is not counted then."""


class ThumbReader(Reader):
    """Reads Thumb."""

    mark = "$t"
    frame = 26 * 4

    def __init__(self) -> None:
        self._decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)

    def after(self, i: Instruction, function: Function, depth: int) -> Iterator[int]:
        """Where the instruction can go on to inside the function; calls are noted in it."""
        name = i.name
        ends = False
        if name in ("b", "bl") or _JUMP_IF.fullmatch(name) or name in ("cbz", "cbnz"):
            target = int(i.operands.rsplit("#", 1)[1], 16)
            if name != "bl" and function.start <= target < function.end:
                yield target
            else:
                function.calls.append((target, depth))  # a call, or a jump to another function in its place
            ends = name == "b"
        elif name in ("blx", "bx", "tbb", "tbh") or (re.match(r"pc\b", i.operands) and name in ("ldr", "mov", "add")):
            returns = (name == "bx" and i.operands == "lr") or (name == "ldr" and i.operands.startswith("pc, [sp], "))
            if not returns and name not in ("tbb", "tbh"):
                raise BuildFailed(
                    f"{function.name}: {name} {i.operands} at {i.address:#x} calls through a pointer; "
                    "the stack cannot be bounded"
                )
            ends = True
        elif (name in ("pop", "ldm") and re.search(r"\bpc\b", i.operands)) or name in ("udf", "bkpt"):
            ends = True
        if not ends or i.conditional:
            yield i.address + i.size

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
        if (re.match(r"sp\b", operands) and _WRITES_SP.match(name)) or (name == "msr" and "sp" in operands):
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
        at, end, conditions, before = start, start + len(data), 0, ""
        while at < end:
            for address, size, mnemonic, operands in self._decoder.disasm_lite(data[at - start :], at):
                name = mnemonic.removesuffix(".w").removesuffix(".n")
                conditional = conditions > 0
                if conditional:
                    conditions -= 1
                    name = re.sub(rf"({_CONDITIONS})$", "", name)
                elif re.fullmatch(r"it[te]{0,3}", name):
                    conditions = len(name) - 1
                if name == "mov" and operands.startswith("sp, ") and not conditional:
                    name, operands = _FRAMES.get(before.replace(operands[4:], "rN"), (name, operands))
                before = f"{name} {operands}" if name == "bfc" else f"{name} {operands.rsplit('#', 1)[0]}"
                yield Instruction(address, size, name, operands, conditional)
                at = address + size
            if at < end:  # an instruction that the decoder does not know: it leaves the stack alone
                (half,) = struct.unpack_from("<H", data, at - start)
                size = 4 if half >> 11 in (0x1D, 0x1E, 0x1F) else 2
                yield Instruction(at, size, "?", "", conditions > 0)
                at += size


def _registers(operands: str) -> int:
    """Bytes of a register list."""
    listed = operands[operands.index("{") + 1 : operands.index("}")].split(",")
    return sum(8 if r.strip().startswith("d") else 4 for r in listed)
