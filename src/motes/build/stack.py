"""How deep the stack of an image can ever get, proved from its machine code.

Emitted code has no recursion and no calls through pointers, so every path can be followed: within a function the depth
is known at each instruction, and the deepest chain of calls from reset bounds the whole.

Source: Armv7-M Architecture Reference Manual (DDI 0403), B1.5.6: an exception stacks 8 words, or 26 with the
floating-point context, aligned to 8 bytes.
"""

from __future__ import annotations

import bisect
import itertools
import re
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import capstone

from motes.build.elf import Elf
from motes.errors import BuildFailed

FRAME = 26 * 4
"""Bytes that an interrupt stacks when the float registers are in use."""

_CLIMBS = 64
"""How often an instruction may be reached with a deeper stack than before; compiled code needs one or two."""

_CONDITIONS = "eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le"
_JUMP_IF = re.compile(rf"b({_CONDITIONS})")
_WRITES_SP = re.compile(r"(mov|add|sub|adds|subs|addw|subw|ldr|mvn|and|orr|bic|movs|msr|lsl)$")


@dataclass(frozen=True)
class StackBound:
    """Bytes of stack that an image needs at most.

    Attributes:
        bytes: the bound, a multiple of 8, interrupts included.
        chain: the deepest calls from reset, outermost first, each with the bytes in use when it calls the next (the
            last: at its own deepest).
        handler: the same for the deepest interrupt handler, counted from its entry; empty without interrupts.
    """

    bytes: int
    chain: tuple[tuple[str, int], ...]
    handler: tuple[tuple[str, int], ...] = ()


def stack_bound(elf: Elf, *, interrupts: int = 0) -> StackBound:
    """The bound for an image whose vector table is section `.vectors`.

    Args:
        interrupts: how many handlers can be active at once: 0 where none is enabled, 1 where all have one priority.

    Raises:
        BuildFailed: the code calls through a pointer, recurses, or moves the stack pointer in a way that cannot be
            followed; or there is no vector table. The message names the function.
    """
    vectors = vector_table(elf)
    code = _Code(elf)
    reset = code.deepest(code.function_at(vectors[1], "the reset vector"))
    total = _round_up(reset[-1][1])
    handlers = [code.deepest(code.function_at(v, "a vector")) for v in sorted(set(vectors[2:]) - {0})]
    handler = max(handlers, key=lambda c: c[-1][1], default=()) if interrupts else ()
    if handler:
        total += interrupts * (FRAME + _round_up(handler[-1][1]))
    return StackBound(total, reset, handler)


def vector_table(elf: Elf) -> tuple[int, ...]:
    """The words of section `.vectors`: the initial stack pointer, the reset handler, further handlers or 0.

    Raises:
        BuildFailed: there is none, or its reset handler is not Thumb code in the image.
    """
    section = elf.section(".vectors")
    words = struct.unpack(f"<{len(section.data) // 4}I", section.data[: len(section.data) // 4 * 4]) if section else ()
    if len(words) < 2:
        raise BuildFailed("the image has no vector table; the linker script must say KEEP(*(.vectors)) in .vectors")
    inside = any(s.address <= words[1] < s.address + s.size for s in elf.sections)
    if not words[1] & 1 or not inside:
        raise BuildFailed(f"the reset vector {words[1]:#x} is not an odd address inside the image; see .vectors")
    return words


@dataclass
class _Function:
    """What one function does with the stack: `peak` bytes of its own, and its calls with the bytes in use at each."""

    name: str
    start: int
    end: int
    peak: int = 0
    calls: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class _Instruction:
    address: int
    size: int
    name: str
    operands: str
    conditional: bool


class _Code:
    """The functions of an image, by address, and the deepest chain of each."""

    def __init__(self, elf: Elf) -> None:
        sections = [s for s in elf.sections if s.data]
        self._sections = sections
        named: dict[int, tuple[int, str]] = {}
        for s in elf.symbols:
            if s.kind == "FUNC":
                start = s.address & ~1
                named[start] = max(named.get(start, (0, "")), (s.size, s.name))
        self._starts = sorted(named)
        self._named = named
        self._marks = sorted((s.address, s.name[:2]) for s in elf.symbols if s.name[:2] in ("$t", "$d"))
        self._decoder = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
        self._chains: dict[int, tuple[tuple[str, int], ...]] = {}
        self._open: list[int] = []

    def function_at(self, address: int, caller: str) -> int:
        """The start of the function that begins at this address."""
        if address & ~1 not in self._named:
            raise BuildFailed(f"{caller} leads to {address:#x}, where no function begins; the stack cannot be bounded")
        return address & ~1

    def deepest(self, start: int) -> tuple[tuple[str, int], ...]:
        """The chain of calls from the function at `start` that uses most stack, with the bytes in use so far."""
        if start in self._chains:
            return self._chains[start]
        name = self._named[start][1]
        if start in self._open:
            ring = " -> ".join(self._named[f][1] for f in (*self._open[self._open.index(start) :], start))
            raise BuildFailed(f"the image recurses ({ring}); the stack cannot be bounded")
        self._open.append(start)
        function = self._follow(start)
        best: tuple[tuple[str, int], ...] = ((name, function.peak),)
        for target, used in dict.fromkeys(function.calls):
            below = self.deepest(self.function_at(target, name))
            if used + below[-1][1] > best[-1][1]:
                best = ((name, used), *((n, used + b) for n, b in below))
        self._open.pop()
        self._chains[start] = best
        return best

    def _follow(self, start: int) -> _Function:
        """Follow every path of the function with the depth of the stack along it."""
        following = self._starts[bisect.bisect(self._starts, start) :]
        size, name = self._named[start]
        function = _Function(name, start, start + size if size else next(iter(following), start + 0x1000))
        code = {i.address: i for i in self._decode(function)}
        seen: dict[int, int] = {}
        climbs: Counter[int] = Counter()
        switch: int | None = None
        todo = [(start, 0)]
        while todo:
            address, depth = todo.pop()
            if address not in code or seen.get(address, -1) >= depth:
                continue
            seen[address] = depth
            instruction = code[address]
            after = depth + self._moved(instruction, name)
            climbs[address] += 1
            if climbs[address] > _CLIMBS:
                raise BuildFailed(f"{name}: a loop at {address:#x} keeps pushing; the stack cannot be bounded")
            function.peak = max(function.peak, after)
            after = max(after, depth) if instruction.conditional else max(after, 0)
            if instruction.name in ("tbb", "tbh"):
                switch = max(switch or 0, depth)
            todo += [(next_, after) for next_ in self._next(instruction, function, after)]
            if not todo and switch is not None:
                # The targets of a jump table are what nothing else leads to; the depth there is that of the jump.
                todo = [(a, switch) for a in code if a not in seen][:1]
        return function

    def _next(self, i: _Instruction, function: _Function, depth: int) -> Iterator[int]:
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

    def _moved(self, i: _Instruction, function: str) -> int:
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

    def _decode(self, function: _Function) -> Iterator[_Instruction]:
        """The instructions of a function in order, without the data between them."""
        conditions = 0
        for start, end in self._thumb(function.start, function.end):
            data = self._bytes(start, end)
            at = start
            while at < end:
                for address, size, mnemonic, operands in self._decoder.disasm_lite(data[at - start :], at):
                    name = mnemonic.removesuffix(".w").removesuffix(".n")
                    conditional = conditions > 0
                    if conditional:
                        conditions -= 1
                        name = re.sub(rf"({_CONDITIONS})$", "", name)
                    elif re.fullmatch(r"it[te]{0,3}", name):
                        conditions = len(name) - 1
                    yield _Instruction(address, size, name, operands, conditional)
                    at = address + size
                if at < end:  # an instruction that the decoder does not know: it leaves the stack alone
                    (half,) = struct.unpack_from("<H", data, at - start)
                    size = 4 if half >> 11 in (0x1D, 0x1E, 0x1F) else 2
                    yield _Instruction(at, size, "?", "", conditions > 0)
                    at += size

    def _thumb(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The parts of this range that hold code: mapping symbols mark where data begins and ends."""
        first = bisect.bisect_right(self._marks, (start, "~"))
        marks = [(start, self._marks[first - 1][1] if first else "$t")]
        marks += [m for m in self._marks[first:] if m[0] < end]
        for (a, kind), (b, _) in itertools.pairwise([*marks, (end, "")]):
            if kind == "$t" and a < b:
                yield a, b

    def _bytes(self, start: int, end: int) -> bytes:
        for s in self._sections:
            if s.address <= start and end <= s.address + s.size:
                return s.data[start - s.address : end - s.address]
        raise BuildFailed(f"code at {start:#x} lies outside every section; the stack cannot be bounded")


def _registers(operands: str) -> int:
    """Bytes of a register list."""
    listed = operands[operands.index("{") + 1 : operands.index("}")].split(",")
    return sum(8 if r.strip().startswith("d") else 4 for r in listed)


def _round_up(size: int) -> int:
    return -(-size // 8) * 8
