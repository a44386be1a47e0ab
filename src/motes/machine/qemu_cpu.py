"""A core that QEMU executes, in a process of its own, for those that Unicorn does not have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from unicorn import unicorn_const as uc_const

from motes import disassembly
from motes.errors import BadInput, BoardFault, DoesNotFit
from motes.machine.arm import ARM, THUMB
from motes.machine.cpu import ERASED, PAINT, WORD, Cpu, Read, Stop, Write
from motes.machine.faults import (
    BadAccess,
    RegisterFault,
    Registers,
    bad_access,
    bad_register,
    misaligned,
    refused,
    stack_overflow,
)
from motes.machine.firmware import Firmware
from motes.machine.native import NOT_AN_ADDRESS
from motes.machine.peripherals import SIZE
from motes.machine.qemu import Kind, Qemu, Question
from motes.machine.qemu_program import MACHINES
from motes.target import Board

VECTORS = 0
"""Where the core finds the vector table after reset."""
VECTOR_COUNT = 16 + 16
EXCEPTION = 0x1FF
"""The bits of xPSR that say which exception is being handled."""
FIRST_IRQ = 16
ENABLED = 0xE000E100
"""The register of enabled interrupts, 0 to 31."""
STACKED_PC = 24
"""Where a frame holds the address that was interrupted."""
PRIVATE = 0xE0000000
"""Registers of the core itself lie from here on."""
PLAIN_STORE = re.compile(r"str[bh]?(eq|ne|[ch]s|cc|lo|mi|pl|v[sc]|hi|l[set]|g[et])?(\.w)?")
"""Stores of one core register."""
FAULTS = range(2, 16)
"""Exceptions of the core itself: nothing handles them."""
SUPERVISOR_CALL = 11
BREAKPOINT = 7  # in `Architecture.exceptions`
STATUS = 0xE000ED28
"""The registers of faults, from CFSR on (Armv8-M Architecture Reference Manual, D1.2)."""
FETCHES, DATA_BUS, DATA_MEMORY = 1 << 8 | 1 << 0, 1 << 15, 1 << 7
UNDEFINED, NOT_THUMB, NO_UNIT, UNALIGNED = 1 << 16, 1 << 17, 1 << 19, 1 << 24
BASIC_FRAME, FP_FRAME = 32, 104
WITHOUT_FP = 1 << 4  # of EXC_RETURN


class QemuCpu(Cpu):
    """One core with its flash and RAM, at reset.

    Attributes:
        on_interrupt: called when the handler of an interrupt is next, with its number.
        on_resume: called when what was interrupted is next.
    """

    asks = False

    def __init__(self, firmware: Firmware, board: Board) -> None:
        super().__init__(firmware, board)
        self.architecture = ARM
        flash, ram = self.chip.flash, self.chip.ram
        self._check_memory()
        code = bytearray([ERASED]) * (2 * self._count)
        for address, data in firmware.segments:
            code[address - flash.start : address - flash.start + len(data)] = data
        self._code = bytes(code)
        vectors = self._code[: WORD * VECTOR_COUNT]
        contents = {VECTORS: vectors, flash.start: self._code}
        ranges = range(flash.start, flash.end), range(ram.start, ram.end)
        self._qemu = Qemu(board.core.model, contents, *ranges, self._count)
        self.ledger, self._blocks = self._qemu.ledger, self._qemu.blocks
        self._devices: list[tuple[range, Read, Write]] = []
        self._decoder = disassembly.thumb()
        self._watched: set[int] = set()
        self._handlers = {self.word(flash.start + WORD * number) & ~1 for number in FAULTS} - {0}
        for address in self._handlers:
            super().watch(address)
        self.on_interrupt: Callable[[int], None] = lambda irq: None
        self.on_resume: Callable[[], None] = lambda: None
        self._resumes_at = NOT_AN_ADDRESS  # where the code goes on that was interrupted
        self._shown: dict[int, int] = {}
        while (first := self._qemu.question()).kind is Kind.IDLE:  # before reset
            pass
        self._waiting: Question | None = first  # of the first block: the core waits for an answer
        self._qemu.fill(ram.start, ram.size, PAINT)

    def _check_memory(self) -> None:
        """See to it that the emulator has memory wherever this board has its own, as far as the program goes."""
        flash, ram = self.chip.flash, self.chip.ram
        variables = [s.address + s.size for s in self.firmware.symbols.values() if s.address in ram]
        needed = {"flash": (flash.start, 2 * self._count), "RAM": (ram.start, max(variables, default=0) - ram.start)}
        needed |= {name: (p.base, SIZE) for name, p in self.board.peripherals.items() if p.base is not None}
        machine = MACHINES[self.board.core.model]
        for name, (start, size) in needed.items():
            place = next((r for r in machine.memory if start in r), None)
            if place is None:
                has = ", ".join(f"{r.start:#010x} to {r.stop - 1:#010x}" for r in machine.memory)
                raise BadInput(
                    f"board {self.board.name}: its {name} begins at {start:#010x}, where QEMU's {machine.name}, which "
                    f"runs a {self.board.core.name}, has no memory: choose from {has}"
                )
            if start + size > place.stop:
                raise DoesNotFit(
                    f"{self.firmware.path}: takes {size:,} bytes from {start:#010x} on, where QEMU's {machine.name} "
                    f"has {place.stop - start:,}; choose another board, or a smaller model"
                )

    # -------------------------------------------------------------------------------------------- running

    def run(self, limit: int) -> Stop:
        """As `Cpu` says."""
        self.ledger.limit, self._stop = limit, None
        while True:
            question = self._waiting = self._waiting or self._qemu.question()
            if question.kind is Kind.IDLE:
                self._waiting = None
                self.settle()
                self.look_up()  # when it wakes
                return Stop.SLEEP
            if question.kind is Kind.LIMIT and self.ledger.clock >= self.ledger.limit:
                self._stop = Stop.LIMIT
            else:
                self._serve(question)
            if self._stop is not None:
                return self._stop
            self._qemu.answer()
            self._waiting = None

    def end(self) -> None:
        """As `Cpu` says."""
        self._stop = Stop.END

    def close(self) -> None:
        """As `Cpu` says."""
        self._qemu.close()

    def _serve(self, question: Question) -> None:
        """Do what the plugin asks for."""
        address = question.address
        if question.kind is Kind.LEARN:
            self._note(address, question.size)
        elif question.kind is Kind.VISIT:
            self._visit(address)
        elif question.kind is Kind.OUTSIDE and address in self.chip.flash:  # which is erased there
            raise refused(self.firmware, self.registers(), -uc_const.UC_ERR_INSN_INVALID, ARM.exceptions)
        elif question.kind is Kind.OUTSIDE:
            raise self._bad_access(uc_const.UC_MEM_FETCH_UNMAPPED, address, question.size)
        elif question.kind in (Kind.LOADED, Kind.STORED):
            self._access(question)

    def _visit(self, address: int) -> None:
        if address in self._handlers or address == self._resumes_at:
            exception = self._qemu.registers()["XPSR"] & EXCEPTION
            if exception in FAULTS:
                raise self._fault(exception)
            if exception >= FIRST_IRQ and address != self._resumes_at:
                self._interrupted(exception - FIRST_IRQ)
            elif exception == 0 and address == self._resumes_at:
                self._resumes_at = NOT_AN_ADDRESS
                self.on_resume()
        if address in self._watched or address == self.ledger.watched_return:
            self.on_visit(address)

    def _interrupted(self, irq: int) -> None:
        """A handler is next: see to it that its end is noticed."""
        ledger = self.ledger
        if self._resumes_at == NOT_AN_ADDRESS:
            self._resumes_at = int.from_bytes(self._qemu.read(self.sp + STACKED_PC, WORD), "little")
            if ledger.accounted and self._resumes_at == ledger.previous_end:  # its branch was not taken
                block = self._blocks[ledger.accounted - 1]
                block.cycles += block.fallen - block.taken
                ledger.clock += block.fallen - block.taken
        self.on_interrupt(irq)
        ledger.watched_return = self._resumes_at

    def _access(self, question: Question) -> None:
        """A load or a store that is not of flash or RAM; it has been done."""
        stores = question.kind is Kind.STORED
        device = next((d for d in self._devices if question.address in d[0]), None)
        if device is None:
            kind = uc_const.UC_MEM_WRITE_UNMAPPED if stores else uc_const.UC_MEM_READ_UNMAPPED
            raise self._bad_access(kind, question.address, question.size)
        place, read, write = device
        size = min(question.size, WORD)
        try:
            for address in range(question.address, question.address + question.size, size):  # STRD: both words at once
                offset = address - place.start
                if stores:
                    value = self._stored(address, size, question.at)
                    self._shown[address] = value
                    write(offset, size, value)
                else:
                    read(offset, size)
        except RegisterFault as error:
            raise bad_register(self.firmware, self.registers(), str(error)) from None

    def _stored(self, address: int, size: int, at: int) -> int:
        """What has been stored: it lies in memory, or still in the register that the instruction names first."""
        if address < PRIVATE:
            return int.from_bytes(self._qemu.read(address, size), "little")
        name, operands = self._instruction(at)
        if not PLAIN_STORE.fullmatch(name):
            raise RegisterFault(f"it stored to {address:#010x} by {name or 'VSTR'}; registers of the core want STR")
        named = operands.partition(",")[0]
        number = {"sp": 13, "lr": 14, "sb": 9, "sl": 10, "fp": 11, "ip": 12}.get(named)
        value = self._qemu.registers()[f"R{int(named[1:]) if number is None else number:02}"]
        return value & (1 << 8 * size) - 1

    def _instruction(self, pc: int) -> tuple[str, str]:
        """The name of the instruction there and its operands; none where the disassembler does not know it."""
        offset = max(0, pc - self.chip.flash.start)
        found: Any = next(self._decoder.disasm(self._code[offset : offset + WORD], pc), None)
        return (found.mnemonic, found.op_str) if found is not None else ("", "")

    # -------------------------------------------------------------------------------------------- memory, registers

    def watch_interrupts(self, irqs: Iterable[int]) -> None:
        """Call `on_interrupt` for these, and `on_resume` behind them."""
        for irq in irqs:
            handler = self.word(self.chip.flash.start + WORD * (FIRST_IRQ + irq)) & ~1
            self._handlers.add(handler)
            super().watch(handler)

    def interrupt(self, irq: int) -> None:
        """A peripheral asks for attention."""
        self._qemu.interrupt(irq)

    @property
    def enabled(self) -> int:
        """The interrupts that are enabled, a bit each."""
        return self._qemu.words(ENABLED, 1)[0]

    def show(self, address: int, value: int) -> None:
        """As `Cpu` says."""
        if self._shown.get(address) != value:
            self._shown[address] = value
            self._qemu.write(address, value.to_bytes(WORD, "little"))

    def watch(self, address: int) -> None:
        """As `Cpu` says."""
        super().watch(address)
        self._watched.add(address)

    def read(self, address: int, size: int) -> bytes:
        """As `Cpu` says."""
        flash, ram = self.chip.flash, self.chip.ram
        if address in flash and address + size <= flash.start + len(self._code):
            return self._code[address - flash.start : address - flash.start + size]
        if not (address in ram and address + size <= ram.end):
            raise BadInput(f"{self.firmware.path}: the board has no {size} bytes of memory at {address:#x}")
        return self._qemu.read(address, size)

    def write(self, address: int, data: bytes) -> bool:
        """As `Cpu` says."""
        ram = self.chip.ram
        if not (address in ram and address + len(data) <= ram.end):
            return False
        self._qemu.write(address, data)
        return True

    @property
    def sp(self) -> int:
        """As `Cpu` says."""
        return self._qemu.registers()["R13"]

    @property
    def lr(self) -> int:
        """As `Cpu` says."""
        return self._qemu.registers()["R14"]

    def registers(self) -> Registers:
        """As `Cpu` says; the program counter is that of the block under way."""
        found = self._qemu.registers()
        shown = {"pc": found["R15"], "lr": found["R14"], "sp": found["R13"], "xpsr": found["XPSR"]}
        shown |= {f"r{i}": found[f"R{i:02}"] for i in range(13)}
        return Registers(shown["pc"], shown["lr"], shown["sp"], shown, lost=not found["XPSR"] & THUMB)

    def map_registers(self, base: int, size: int, read: Read, write: Write) -> None:
        """As `Cpu` says; those of the system control space are QEMU's own."""
        self._devices.append((range(base, base + size), read, write))

    # -------------------------------------------------------------------------------------------- faults

    def _bad_access(self, kind: int, address: int, size: int) -> BoardFault:
        return bad_access(self.firmware, self.chip, self.registers(), BadAccess(kind, address, size))

    def _fault(self, exception: int) -> BoardFault:
        """What has brought the core into the handler of a fault, from its registers and the frame that it stacked."""
        status, _, _, memory, bus = self._qemu.words(STATUS, 5)
        handler = self.registers()
        if handler.sp < self.firmware.stack[0]:  # no frame was stacked: the block before this one is all that is known
            pc = self.ledger.previous_end - 2
            registers = replace(handler, pc=pc, shown={**handler.shown, "pc": pc})
            return stack_overflow(self.firmware, registers, f"it moved the stack pointer to {handler.sp:#010x}")
        frame = [int.from_bytes(self._qemu.read(handler.sp + WORD * i, WORD), "little") for i in range(8)]
        sp = handler.sp + (BASIC_FRAME if handler.lr & WITHOUT_FP else FP_FRAME)
        lr, pc, xpsr = frame[5:]
        shown = {**handler.shown, "pc": pc, "lr": lr, "sp": sp, "xpsr": xpsr, "r12": frame[4]}
        shown |= {f"r{i}": value for i, value in enumerate(frame[:4])}
        registers = Registers(pc, lr, sp, shown, lost=bool(status & NOT_THUMB))
        if exception == SUPERVISOR_CALL:
            return refused(self.firmware, registers, 2, ARM.exceptions)
        if status & FETCHES:
            access = BadAccess(uc_const.UC_MEM_FETCH_UNMAPPED, pc, WORD)
        elif status & (DATA_BUS | DATA_MEMORY):
            access = BadAccess(*self._accessed(pc, bus if status & DATA_BUS else memory))
        elif status & UNALIGNED and not self._instruction(pc)[0].startswith(("ldrex", "strex", "lda", "stl")):
            return misaligned(self.firmware, registers)
        else:
            numbers = {UNALIGNED: 4, NO_UNIT: 17, UNDEFINED: -uc_const.UC_ERR_INSN_INVALID}
            number = next((n for bit, n in numbers.items() if status & bit), BREAKPOINT)
            return refused(self.firmware, registers, number, ARM.exceptions)
        return bad_access(self.firmware, self.chip, registers, access)

    def _accessed(self, pc: int, address: int) -> tuple[int, int, int]:
        """Kind, address and bytes of the access of the instruction at `pc`."""
        name = self._instruction(pc)[0]
        stores = name.startswith(("st", "push", "vst", "vpush"))
        size = 1 if "b" in name[3:] else 2 if "h" in name[3:] else WORD
        return uc_const.UC_MEM_WRITE_UNMAPPED if stores else uc_const.UC_MEM_READ_UNMAPPED, address, size
