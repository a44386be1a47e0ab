"""How deep the stack of an image can ever get, proved from its machine code.

Emitted code has no recursion and no calls through pointers, so every path can be followed: within a function the depth
is known at each instruction, and the deepest chain of calls from reset bounds the whole.
What instructions do to the stack is for their architecture to say: `thumb.py`, `riscv.py`.
"""

from __future__ import annotations

import bisect
import itertools
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from motes.build.elf import Elf
from motes.build.stack.code import Function, Instruction, Reader
from motes.build.stack.riscv import RiscvReader
from motes.build.stack.thumb import ThumbReader
from motes.errors import BuildFailed

_CLIMBS = 64
"""How often an instruction may be reached with a deeper stack than before; compiled code needs one or two."""
_READERS: dict[str, type[Reader]] = {"EM_ARM": ThumbReader, "EM_RISCV": RiscvReader}


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
        total += interrupts * (code.reader.frame + _round_up(handler[-1][1]))
    return StackBound(total, reset, handler)


def reached(elf: Elf, names: Iterable[str]) -> dict[str, dict[str, int]]:
    """For each of these functions, every function that it can call, itself included, with its bytes of code.

    Raises:
        BuildFailed: as `stack_bound` does, or one of them is not there.
    """
    code = _Code(elf)
    return {name: code.reached(name) for name in names}


def vector_table(elf: Elf) -> tuple[int, ...]:
    """The words of section `.vectors`: the initial stack pointer, the reset handler, further handlers or 0.

    Raises:
        BuildFailed: there is none, or its reset handler is no code in the image.
    """
    section = elf.section(".vectors")
    words = struct.unpack(f"<{len(section.data) // 4}I", section.data[: len(section.data) // 4 * 4]) if section else ()
    if len(words) < 2:
        raise BuildFailed("the image has no vector table; the linker script must say KEEP(*(.vectors)) in .vectors")
    inside = any(s.address <= words[1] < s.address + s.size for s in elf.sections)
    thumb = elf.machine == "EM_ARM"
    if not inside or (thumb and not words[1] & 1):
        kind = "an odd address" if thumb else "an address"
        raise BuildFailed(f"the reset vector {words[1]:#x} is not {kind} inside the image; see .vectors")
    return words


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
        self.reader = _READERS[elf.machine]()
        kinds = (self.reader.mark, "$d")
        self._marks = sorted((s.address, s.name[:2]) for s in elf.symbols if s.name[:2] in kinds)
        self._functions: dict[int, Function] = {}
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

    def reached(self, name: str) -> dict[str, int]:
        """Every function that the one called `name` can call, itself included, with its bytes of code."""
        start = next((a for a, (_, n) in self._named.items() if n == name), None)
        if start is None:
            raise BuildFailed(f"the image has no function {name}")
        todo, found = [start], dict[str, int]()
        while todo:
            address = todo.pop()
            size, called = self._named[address]
            if called not in found:
                found[called] = size
                todo += [self.function_at(target, called) for target, _ in self._follow(address).calls]
        return found

    def _follow(self, start: int) -> Function:
        """Follow every path of the function, once, with the depth of the stack along it."""
        if start in self._functions:
            return self._functions[start]
        following = self._starts[bisect.bisect(self._starts, start) :]
        size, name = self._named[start]
        function = Function(name, start, start + size if size else next(iter(following), start + 0x1000))
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
            after = self.reader.deepened(instruction, function, depth)
            climbs[address] += 1
            if climbs[address] > _CLIMBS:
                raise BuildFailed(f"{name}: a loop at {address:#x} keeps pushing; the stack cannot be bounded")
            function.peak = max(function.peak, after)
            after = max(after, depth) if instruction.conditional else max(after, 0)
            if self.reader.switches(instruction, depth):
                switch = max(switch or 0, depth)
            todo += [(next_, after) for next_ in self.reader.after(instruction, function, after)]
            if not todo and switch is not None:
                # The targets of a jump table are what nothing else leads to; the depth there is that of the jump.
                todo = [(a, switch) for a in code if a not in seen][:1]
        self._functions[start] = function
        return function

    def _decode(self, function: Function) -> Iterator[Instruction]:
        """The instructions of a function in order, without the data between them."""
        for start, end in self._parts(function.start, function.end):
            yield from self.reader.instructions(self._bytes(start, end), start)

    def _parts(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The parts of this range that hold code: mapping symbols mark where data begins and ends."""
        first = bisect.bisect_right(self._marks, (start, "~"))
        marks = [(start, self._marks[first - 1][1] if first else self.reader.mark)]
        marks += [m for m in self._marks[first:] if m[0] < end]
        for (a, kind), (b, _) in itertools.pairwise([*marks, (end, "")]):
            if kind == self.reader.mark and a < b:
                yield a, b

    def _bytes(self, start: int, end: int) -> bytes:
        for s in self._sections:
            if s.address <= start and end <= s.address + s.size:
                return s.data[start - s.address : end - s.address]
        raise BuildFailed(f"code at {start:#x} lies outside every section; the stack cannot be bounded")


def _round_up(size: int) -> int:
    return -(-size // 8) * 8
