"""A core: Unicorn, with the clock and the block counter of blocks.c wound around it.

Time advances by whole blocks: a block that has begun is finished before anything else happens.
"""

from __future__ import annotations

import ctypes
import enum
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from unicorn import unicorn_const as uc_const
from unicorn.unicorn_py3 import unicorn as unicorn_module

from motes.errors import BadInput, BoardFault
from motes.machine.architecture import RETURN
from motes.machine.arm import ARM
from motes.machine.faults import BadAccess, RegisterFault, Registers, bad_access, bad_register, misaligned, refused
from motes.machine.firmware import Firmware
from motes.machine.native import Block, Learn, Ledger, Misaligned, Visit, counter
from motes.machine.registers import RegisterSet
from motes.machine.results import Spent
from motes.machine.riscv import RISCV
from motes.machine.timing import block_cost
from motes.machine.timing.alignment import Reliance
from motes.target import Board

PAINT = 0xA5
"""What RAM holds at power-on: a program that relies on zeros is found out, and used stack is seen."""

ERASED = 0xFF
"""What flash holds where nothing was written; it is no instruction."""

NOWHERE = 0xFFFFFFFE
NOT_AN_ADDRESS = 1  # odd: no block starts there
RELIANCES = 8  # that blocks.c checks for one block
WORD = 4

unicorn: Any = unicorn_module  # its annotations are not complete

Read = Callable[[int, int], int]
Write = Callable[[int, int, int], None]


ARCHITECTURES = (ARM, RISCV)


class Stop(enum.Enum):
    """Why the core has stopped."""

    LIMIT = "the clock has reached the limit, or an unmasked interrupt waits"
    SLEEP = "it executed WFI or WFE"
    RETURN = "it returned from an exception"
    END = "somebody called end()"


class Cpu:
    """One core with its flash and RAM, at reset.

    Attributes:
        ledger: the clock and the counters, shared with blocks.c.
        on_visit: called with the address of a watched block before it is executed.
    """

    def __init__(self, firmware: Firmware, board: Board) -> None:
        assert board.chip is not None
        self.firmware, self.board, self.chip = firmware, board, board.chip
        chip = board.chip
        self.architecture = arch = next(a for a in ARCHITECTURES if board.core.model in a.models)
        self.on_visit: Callable[[int], None] = lambda address: None
        self._emulator: Any = unicorn.Uc(arch.number, arch.mode)
        self._emulator.ctl_set_cpu_model(arch.models[board.core.model])
        self._emulator.mem_map(chip.flash.start, chip.flash.size, uc_const.UC_PROT_READ | uc_const.UC_PROT_EXEC)
        self._emulator.mem_map(chip.ram.start, chip.ram.size, uc_const.UC_PROT_READ | uc_const.UC_PROT_WRITE)
        self._emulator.mem_write(chip.ram.start, bytes([PAINT]) * chip.ram.size)
        self._code_end = self._load()
        self._seen: set[int] = set()
        self._stop: Stop | None = None
        self._exception: int | None = None
        self._failure: BaseException | None = None
        self._access: BadAccess | None = None
        self._attach()
        self.sp, self.pc = self.word(chip.flash.start), self.word(chip.flash.start + WORD)

    # -------------------------------------------------------------------------------------------- running

    def run(self, limit: int) -> Stop:
        """Execute until the clock reaches `limit`, or something stops the core.

        Raises:
            BoardFault: the program did what the core or the board refuses.
        """
        ledger = self.ledger
        ledger.limit, ledger.stopped = limit, 0
        self._forget_events()
        try:
            self._emulator.emu_start(self.pc | self.architecture.code_bit, NOWHERE)
        except unicorn.UcError as error:
            if self._stop is None:
                self._refuse(error.errno)
        self._raise_failure()
        if self._stop is not None:
            return self._stop
        if self._exception is not None:
            raise self._refused(self._exception)
        if ledger.stopped:
            return Stop.LIMIT
        self.settle()
        slept = self.read(self.pc - WORD, WORD).endswith(self.architecture.hints)
        return Stop.SLEEP if slept else Stop.LIMIT  # YIELD also stops

    def end(self) -> None:
        """Stop the core behind the block that it executes."""
        self._stop = Stop.END
        self._emulator.emu_stop()

    def look_up(self) -> None:
        """Stop the core before its next block, so that its owner sees what a register access has changed."""
        self.ledger.limit = 0

    def settle(self) -> None:
        """Account for the branch at the end of the last block, taken as taken: nobody will see where it goes."""
        ledger = self.ledger
        if ledger.previous:
            block = ledger.previous.contents
            block.cycles += block.taken
            ledger.clock += block.taken
            ledger.previous = ctypes.POINTER(Block)()

    def _forget_events(self) -> None:
        self._stop = self._exception = self._failure = self._access = None

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _refuse(self, errno: int) -> NoReturn:
        self._raise_failure()
        registers = self.registers()
        if self._access is not None:
            raise bad_access(self.firmware, self.chip, registers, self._access)
        raise self._refused(self._exception if self._exception is not None else -errno)

    def _refused(self, exception: int) -> BoardFault:
        return refused(self.firmware, self.registers(), exception, self.architecture.exceptions)

    # -------------------------------------------------------------------------------------------- accounts

    def forget(self) -> None:
        """Set all counts back to nothing; the block under way is not counted."""
        for i in self._seen:
            self._blocks[i].instructions = self._blocks[i].cycles = 0
        self.ledger.instructions = 0
        self.ledger.previous = ctypes.POINTER(Block)()

    def functions(self) -> dict[str, Spent]:
        """What has been spent in each function, most cycles first."""
        sums: dict[str, Spent] = {}
        for i in sorted(self._seen):
            block = self._blocks[i]
            name = self.firmware.function_at(self.ledger.first + 2 * i)
            before = sums.get(name, Spent(0, 0))
            sums[name] = Spent(before.instructions + block.instructions, before.cycles + block.cycles)
        found = ((name, spent) for name, spent in sums.items() if spent.instructions)
        return dict(sorted(found, key=lambda item: (-item[1].cycles, item[0])))

    def watch(self, address: int) -> None:
        """Call `on_visit` before each execution of the block that starts at this code address."""
        i = (address - self.ledger.first) >> 1
        if not 0 <= i < self.ledger.count:
            raise BadInput(f"{self.firmware.path}: has no code at {address:#x}")
        self._blocks[i].watched = 1

    def stack_high_water(self) -> int:
        """Bytes of stack that have been used."""
        limit, top = self.firmware.stack
        return len(self.read(limit, top - limit).lstrip(bytes([PAINT])))

    # -------------------------------------------------------------------------------------------- memory, registers

    def read(self, address: int, size: int) -> bytes:
        """Bytes of memory.

        Raises:
            BadInput: there is no memory.
        """
        try:
            return bytes(self._emulator.mem_read(address, size))
        except unicorn.UcError:
            raise BadInput(f"{self.firmware.path}: the board has no {size} bytes of memory at {address:#x}") from None

    def write(self, address: int, data: bytes) -> bool:
        """Write to RAM; False where there is none."""
        ram = self.chip.ram
        if not (address in ram and address + len(data) <= ram.end):
            return False
        self._emulator.mem_write(address, data)
        return True

    def word(self, address: int) -> int:
        """The word at this address."""
        return int.from_bytes(self.read(address, WORD), "little")

    def register(self, number: int) -> int:
        """A register, by Unicorn's number of it."""
        return int(self._emulator.reg_read(number))

    def set_register(self, number: int, value: int) -> None:
        """Change a register, by Unicorn's number of it."""
        self._emulator.reg_write(number, value)

    @property
    def pc(self) -> int:
        """The address of the next instruction."""
        return self.register(self.architecture.pc)

    @pc.setter
    def pc(self, address: int) -> None:
        self.set_register(self.architecture.pc, address | self.architecture.code_bit)

    @property
    def sp(self) -> int:
        """The stack pointer."""
        return self.register(self.architecture.sp)

    @sp.setter
    def sp(self, address: int) -> None:
        self.set_register(self.architecture.sp, address)

    @property
    def lr(self) -> int:
        """The link register."""
        return self.register(self.architecture.lr)

    @property
    def masked(self) -> bool:
        """Whether the core holds interrupts back."""
        arch = self.architecture
        return self.register(arch.mask) & arch.mask_bit == arch.masked

    def register_set(self, numbers: Sequence[int]) -> RegisterSet:
        """Registers to be read and written together, by Unicorn's numbers of them."""
        return RegisterSet(self._emulator._uch, numbers)

    def registers(self) -> Registers:
        """What a fault reports."""
        arch = self.architecture
        pc, lr, sp, status = map(self.register, (arch.pc, arch.lr, arch.sp, arch.status))
        shown = {name: self.register(number) for name, number in arch.shown.items()}
        return Registers(pc, lr, sp, shown, lost=status & arch.needed != arch.needed)

    def map_registers(self, base: int, size: int, read: Read, write: Write) -> None:
        """Give a range of addresses to a peripheral: `read(offset, bytes)`, `write(offset, bytes, value)`."""

        def on_read(uc: Any, offset: int, n: int, data: object) -> int:
            try:
                return read(offset, n)
            except BaseException as error:
                self._fail(error)
                return 0

        def on_write(uc: Any, offset: int, n: int, value: int, data: object) -> None:
            try:
                write(offset, n, value)
            except BaseException as error:
                self._fail(error)

        self._emulator.mmio_map(base, size, on_read, None, on_write, None)

    # -------------------------------------------------------------------------------------------- making

    def _load(self) -> int:
        """Write the image to flash; the address behind its last byte."""
        flash = self.chip.flash
        self._emulator.mem_write(flash.start, bytes([ERASED]) * flash.size)
        for address, data in self.firmware.segments:
            if address not in flash or address + len(data) > flash.end:
                raise BadInput(
                    f"{self.firmware.path}: {len(data)} bytes at {address:#010x} lie outside the flash of this board "
                    f"({flash.start:#010x} to {flash.end:#010x}); link it for this board"
                )
            self._emulator.mem_write(address, data)
        return max((address + len(data) for address, data in self.firmware.segments), default=flash.start)

    def _attach(self) -> None:
        """Connect the ledger, the hooks and the emulator."""
        count = (self._code_end - self.chip.flash.start + 1) // 2
        self._blocks = (Block * count)()
        self.ledger = Ledger(
            blocks=self._blocks,
            first=self.chip.flash.start,
            count=count,
            watched_return=NOT_AN_ADDRESS,
            registers=(ctypes.c_uint64 * 15)(*self.architecture.relied),
            mask=self.architecture.mask,
            mask_bit=self.architecture.mask_bit,
            masked_by=self.architecture.masked,
            stop=ctypes.cast(unicorn.uclib.uc_emu_stop, ctypes.c_void_p),
            read_register=ctypes.cast(unicorn.uclib.uc_reg_read, ctypes.c_void_p),
            learn=Learn(self._learn),
            visit=Visit(self._visit),
            misaligned=Misaligned(self._misaligned),
        )
        self._library = counter()
        handle = ctypes.c_size_t()
        status = unicorn.uclib.uc_hook_add(
            self._emulator._uch,
            ctypes.byref(handle),
            ctypes.c_int(uc_const.UC_HOOK_BLOCK),
            ctypes.cast(self._library.motes_on_block, ctypes.c_void_p),
            ctypes.cast(ctypes.byref(self.ledger), ctypes.c_void_p),
            ctypes.c_uint64(1),  # begin behind end: everywhere
            ctypes.c_uint64(0),
        )
        assert status == uc_const.UC_ERR_OK, status
        self._emulator.hook_add(uc_const.UC_HOOK_INTR, self._on_exception)
        self._emulator.hook_add(uc_const.UC_HOOK_MEM_INVALID, self._on_bad_access)

    def _learn(self, address: int, size: int) -> None:
        """Fill in what the block costs; blocks.c calls this."""
        try:
            i = (address - self.ledger.first) >> 1
            cost = block_cost(self.board.core.timing, self.read(address, size), address)
            block = self._blocks[i]
            block.size, block.length, block.cost = size, cost.instructions, cost.cycles
            block.taken, block.fallen = cost.taken, cost.fallen
            packed = (0x80 | r.offset << 4 | r.number for r in list(cost.reliances)[:RELIANCES])
            block.reliances = int.from_bytes(bytes(packed), "little")
            self._seen.add(i)
        except BaseException as error:
            self._fail(error)

    def _visit(self, address: int) -> None:
        """A watched block is next; blocks.c calls this."""
        try:
            self.on_visit(address)
        except BaseException as error:
            self._fail(error)

    def _misaligned(self, address: int, reliance: int) -> None:
        """A block is about to access memory at an address that is not aligned; blocks.c calls this instead."""
        size = self._blocks[(address - self.ledger.first) >> 1].size
        needed = block_cost(self.board.core.timing, self.read(address, size), address).reliances
        culprit = needed[Reliance(reliance & 15, reliance >> 4 & 3)]
        registers = self.registers()
        at = replace(registers, pc=culprit, shown={**registers.shown, "pc": culprit})
        self._fail(misaligned(self.firmware, at))

    def _fail(self, error: BaseException) -> None:
        """Keep an exception that must not cross C, and stop."""
        if isinstance(error, RegisterFault):
            error = bad_register(self.firmware, self.registers(), str(error))
        self._failure = self._failure or error
        self._emulator.emu_stop()

    def _on_exception(self, uc: Any, number: int, data: object) -> None:
        if number == self.architecture.leaves_by:
            self._stop = Stop.RETURN
        else:
            self._exception = number
        uc.emu_stop()

    def _on_bad_access(self, uc: Any, access: int, address: int, size: int, value: int, data: object) -> bool:
        if address == RETURN and self.architecture.leaves_by is None:
            self._stop = Stop.RETURN
        else:
            self._access = BadAccess(access, address, size)
        return False
