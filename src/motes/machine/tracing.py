"""Who spends the cycles of an application: calls of marked functions, and looks at memory on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from motes.machine.cpu import Cpu
from motes.machine.native import NOT_AN_ADDRESS
from motes.machine.requests import Place, Tap
from motes.machine.results import Span, TapRecord

INTERRUPT = ""  # the name of what is open while a handler runs; it is not reported


@dataclass
class _Open:
    """A marked function that has not returned."""

    name: str
    start: int
    return_address: int
    sp: int  # at entry, and again on return
    instructions: int = 0
    cycles: int = 0


class Tracer:
    """Keeps the stack of marked functions that are open, and what taps have seen.

    A call lasts from the function's entry until the core is at its return address with the stack pointer of the
    entry: it may call, be interrupted, sleep, and end in a jump to another function.
    """

    def __init__(self, cpu: Cpu, marks: Mapping[Place, str], taps: Iterable[Tap]) -> None:
        self._cpu = cpu
        self._names = {cpu.firmware.code(place): name for place, name in marks.items()}
        self._taps: dict[int, list[tuple[Tap, list[tuple[int, int]]]]] = {}
        self.records: dict[str, list[TapRecord]] = {}
        for tap in taps:
            reads = [(cpu.firmware.address(place), size) for place, size in tap.reads]
            self._taps.setdefault(cpu.firmware.code(tap.at), []).append((tap, reads))
            self.records[tap.name] = []
        for address in (*self._names, *self._taps):
            cpu.watch(address)
        cpu.on_visit = self._visit
        self._open: list[_Open] = []
        self._since = (0, 0)  # instructions and cycles awake, when the innermost changed
        self.asleep = 0
        self.spans: list[Span] = []

    def enter_interrupt(self) -> None:
        """Ordinary code is left for a handler."""
        self._push(INTERRUPT, NOT_AN_ADDRESS, 0)

    def leave_interrupt(self) -> None:
        """Ordinary code goes on."""
        while self._pop().name != INTERRUPT:
            pass

    def finish(self) -> tuple[Span, ...]:
        """Every call, those still open included, by time of entry."""
        while self._open:
            self._pop()
        return tuple(sorted(self.spans, key=lambda s: (s.start, -s.end)))

    def _visit(self, address: int) -> None:
        sp = self._cpu.sp
        while self._open and self._open[-1].return_address == address and self._open[-1].sp == sp:
            self._pop()
        if address in self._names:
            name, return_address = self._names[address], self._cpu.lr & ~1
            top = self._open[-1] if self._open else None
            # A loop may come back to the first instruction: that is no call.
            if top is None or (top.name, top.return_address, top.sp) != (name, return_address, sp):
                self._push(name, return_address, sp)
        for tap, reads in self._taps.get(address, ()):
            data = tuple(self._cpu.read(at, size) for at, size in reads)
            self.records[tap.name].append(TapRecord(self._cpu.ledger.clock, data))

    def _push(self, name: str, return_address: int, sp: int) -> None:
        self._charge()
        self._open.append(_Open(name, self._cpu.ledger.clock, return_address, sp))
        self._cpu.ledger.watched_return = return_address

    def _pop(self) -> _Open:
        self._charge()
        done = self._open.pop()
        self._cpu.ledger.watched_return = self._open[-1].return_address if self._open else NOT_AN_ADDRESS
        if done.name != INTERRUPT:
            end = self._cpu.ledger.clock
            self.spans.append(Span(done.name, done.start, end, done.instructions, done.cycles))
        return done

    def _charge(self) -> None:
        """What was executed since the last change belongs to the innermost."""
        now = (self._cpu.ledger.instructions, self._cpu.ledger.clock - self.asleep)
        if self._open:
            self._open[-1].instructions += now[0] - self._since[0]
            self._open[-1].cycles += now[1] - self._since[1]
        self._since = now
