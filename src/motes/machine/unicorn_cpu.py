"""A core that Unicorn executes, in this process."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

from unicorn import unicorn_const as uc_const
from unicorn.unicorn_py3 import unicorn as unicorn_module

from motes.errors import BadInput, BoardFault
from motes.machine.architecture import RETURN
from motes.machine.arm import ARM
from motes.machine.cpu import ERASED, PAINT, WORD, Cpu, Read, Stop, Write
from motes.machine.faults import BadAccess, RegisterFault, Registers, bad_access, bad_register, misaligned, refused
from motes.machine.firmware import Firmware
from motes.machine.native import NOT_AN_ADDRESS, Block, Learn, Ledger, Memory, Misaligned, Visit, callbacks
from motes.machine.registers import RegisterFile, RegisterSet
from motes.machine.riscv import RISCV
from motes.machine.timing.alignment import Reliance
from motes.target import Board

NOWHERE = 0xFFFFFFFE
WHOLE = 1 << 32  # bytes that addresses can name
RELIANCES = 8  # that blocks.c checks for one block

unicorn: Any = unicorn_module  # its annotations are not complete

ARCHITECTURES = (ARM, RISCV)


class UnicornCpu(Cpu):
    """One core with its flash and RAM, at reset."""

    def __init__(self, firmware: Firmware, board: Board) -> None:
        super().__init__(firmware, board)
        chip = self.chip
        self.architecture = arch = next(a for a in ARCHITECTURES if board.core.model in a.models)
        self._emulator: Any = unicorn.Uc(arch.number, arch.mode)
        self._emulator.ctl_set_cpu_model(arch.models[board.core.model])
        self._registers = RegisterFile(self._emulator._uch)
        self._emulator.mem_map(chip.flash.start, chip.flash.size, uc_const.UC_PROT_READ | uc_const.UC_PROT_EXEC)
        self._emulator.mem_map(chip.ram.start, chip.ram.size, uc_const.UC_PROT_READ | uc_const.UC_PROT_WRITE)
        self._emulator.mem_write(chip.ram.start, bytes([PAINT]) * chip.ram.size)
        self._emulator.mem_write(chip.flash.start, bytes([ERASED]) * chip.flash.size)
        for address, data in firmware.segments:
            self._emulator.mem_write(address, data)
        self._exception: int | None = None
        self._failure: BaseException | None = None
        self._access: BadAccess | None = None
        self._attach()
        self.sp, self.pc = self.word(chip.flash.start), self.word(chip.flash.start + WORD)

    # -------------------------------------------------------------------------------------------- running

    def run(self, limit: int) -> Stop:
        """As `Cpu` says."""
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
        """As `Cpu` says."""
        self._stop = Stop.END
        self._emulator.emu_stop()

    def close(self) -> None:
        """As `Cpu` says: Unicorn's memory goes with this object."""

    def _forget_events(self) -> None:
        self._stop = self._exception = self._failure = self._access = None

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _refuse(self, errno: int) -> NoReturn:
        self._raise_failure()
        registers = self.registers()
        if errno == uc_const.UC_ERR_FETCH_PROT:
            self._access = BadAccess(uc_const.UC_MEM_FETCH_PROT, registers.pc, 0)
        if self._access is not None:
            raise bad_access(self.firmware, self.chip, registers, self._access)
        raise self._refused(self._exception if self._exception is not None else -errno)

    def _refused(self, exception: int) -> BoardFault:
        return refused(self.firmware, self.registers(), exception, self.architecture.exceptions)

    # -------------------------------------------------------------------------------------------- memory, registers

    def read(self, address: int, size: int) -> bytes:
        """As `Cpu` says."""
        try:
            return bytes(self._emulator.mem_read(address, size))
        except unicorn.UcError:
            raise BadInput(f"{self.firmware.path}: the board has no {size} bytes of memory at {address:#x}") from None

    def write(self, address: int, data: bytes) -> bool:
        """As `Cpu` says."""
        ram = self.chip.ram
        if not (address in ram and address + len(data) <= ram.end):
            return False
        self._emulator.mem_write(address, data)
        return True

    def register(self, number: int) -> int:
        """A register, by Unicorn's number of it."""
        return self._registers[number]

    def set_register(self, number: int, value: int) -> None:
        """Change a register, by Unicorn's number of it."""
        self._registers[number] = value

    @property
    def pc(self) -> int:
        """The address of the next instruction."""
        return self.register(self.architecture.pc)

    @pc.setter
    def pc(self, address: int) -> None:
        self.set_register(self.architecture.pc, address | self.architecture.code_bit)

    @property
    def sp(self) -> int:
        """As `Cpu` says."""
        return self.register(self.architecture.sp)

    @sp.setter
    def sp(self, address: int) -> None:
        self.set_register(self.architecture.sp, address)

    @property
    def lr(self) -> int:
        """As `Cpu` says."""
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
        """As `Cpu` says."""
        arch = self.architecture
        pc, lr, sp, status = map(self.register, (arch.pc, arch.lr, arch.sp, arch.status))
        shown = {name: self.register(number) for name, number in arch.shown.items()}
        return Registers(pc, lr, sp, shown, lost=status & arch.needed != arch.needed)

    def map_registers(self, base: int, size: int, read: Read, write: Write) -> None:
        """As `Cpu` says."""

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

    def show(self, address: int, value: int) -> None:
        """As `Cpu` says: peripherals are asked."""

    # -------------------------------------------------------------------------------------------- the hooks

    def _attach(self) -> None:
        """Connect the ledger, the hooks and the emulator."""
        self._blocks = (Block * self._count)()
        self.ledger = Ledger(
            blocks=self._blocks,
            first=self.chip.flash.start,
            count=self._count,
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
        ram = self.chip.ram
        self._memory = Memory(
            ram=ram.start,
            ram_end=ram.end,
            conditions=self.architecture.conditions,
            conditions_bits=self.architecture.conditions_bits,
            read_register=ctypes.cast(unicorn.uclib.uc_reg_read, ctypes.c_void_p),
            write_register=ctypes.cast(unicorn.uclib.uc_reg_write, ctypes.c_void_p),
        )
        self._library = callbacks()
        self._emulator.ctl_set_tlb_mode(uc_const.UC_TLB_VIRTUAL)
        self._add_native(uc_const.UC_HOOK_TLB_FILL, self._library.motes_on_page, self._memory)
        self._add_native(uc_const.UC_HOOK_BLOCK, self._library.motes_on_block, self.ledger)
        self._emulator.hook_add(uc_const.UC_HOOK_INTR, self._on_exception)
        for first, last in ((0, ram.start - 1), (ram.end, WHOLE - 1)):  # where a hook may be called, stores are slow
            self._emulator.hook_add(uc_const.UC_HOOK_MEM_INVALID, self._on_bad_access, None, first, last)

    def _add_native(self, kind: int, function: Any, user: ctypes.Structure) -> None:
        """Have the emulator call a function of `native` with its structure, everywhere."""
        handle = ctypes.c_size_t()
        status = unicorn.uclib.uc_hook_add(
            self._emulator._uch,
            ctypes.byref(handle),
            ctypes.c_int(kind),
            ctypes.cast(function, ctypes.c_void_p),
            ctypes.cast(ctypes.byref(user), ctypes.c_void_p),
            ctypes.c_uint64(1),  # begin behind end: everywhere
            ctypes.c_uint64(0),
        )
        assert status == uc_const.UC_ERR_OK, status

    def _learn(self, address: int, size: int) -> None:
        """A block is met first, or with another size than before; blocks.c calls this."""
        try:
            needed = list(self.cost_of(address, size).reliances)[:RELIANCES]
            packed = (0x80 | r.offset << 4 | r.number for r in needed)
            self._note(address, size).reliances = int.from_bytes(bytes(packed), "little")
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
        needed = self.cost_of(address, self._blocks[(address - self.ledger.first) >> 1].size).reliances
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
