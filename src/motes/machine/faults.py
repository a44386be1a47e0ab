"""What a program did that the board refuses, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unicorn import unicorn_const as uc_const

from motes.errors import BoardFault
from motes.machine.firmware import Firmware
from motes.target import Chip

BELOW_THE_STACK = 0x10000  # an access this near below the stack's end is taken for its overflow

UNDEFINED = "the instruction is undefined on this core"

_WRITES = (uc_const.UC_MEM_WRITE_UNMAPPED, uc_const.UC_MEM_WRITE_PROT)
_FETCHES = (uc_const.UC_MEM_FETCH_UNMAPPED, uc_const.UC_MEM_FETCH_PROT)


class RegisterFault(Exception):
    """A program used a peripheral as it must not; the core's registers are not known yet."""


@dataclass(frozen=True)
class BadAccess:
    """An access to memory that was refused: the emulator's kind, address, bytes."""

    access: int
    address: int
    size: int


@dataclass(frozen=True)
class Registers:
    """The core's registers when it was stopped."""

    pc: int
    lr: int
    sp: int
    """The three that are looked at."""
    shown: Mapping[str, int]
    """All that a report shows, by name."""
    lost: bool = False
    """Whether the core is in a state in which it executes nothing: it has jumped to what is no code of its kind."""


def bad_access(firmware: Firmware, chip: Chip, registers: Registers, access: BadAccess) -> BoardFault:
    """The fault of an access that memory or a peripheral refused."""
    at, size = access.address, access.size
    if access.access in _FETCHES:
        return _fault(
            firmware,
            registers,
            "execution outside flash",
            f"it jumped to {at:#010x}",
            "look for a function pointer or a return address that was overwritten",
            at_caller=True,
        )
    wrote = access.access in _WRITES
    did = f"it {'wrote' if wrote else 'read'} {size} bytes at {at:#010x}"
    limit, _ = firmware.stack
    if registers.sp < limit or limit - BELOW_THE_STACK <= at < limit:
        return stack_overflow(firmware, registers, did)
    if wrote and at in chip.flash:
        return _fault(firmware, registers, "write to flash", did, "constants cannot be written; copy them to RAM first")
    return _fault(
        firmware, registers, "bus fault", f"{did}, where the board has nothing", "look for a wild pointer or an index"
    )


def stack_overflow(firmware: Firmware, registers: Registers, did: str) -> BoardFault:
    """The fault of a stack that has outgrown its place."""
    limit, top = firmware.stack
    return _fault(
        firmware,
        registers,
        "stack overflow",
        f"{did}, below the end of the stack at {limit:#010x}",
        f"the image reserves {top - limit} bytes for the stack; reserve more, or keep large arrays off it",
    )


def refused(firmware: Firmware, registers: Registers, exception: int, exceptions: Mapping[int, str]) -> BoardFault:
    """The fault of an instruction that the core refuses.

    Args:
        exception: the emulator's number of the exception, or minus its error.
        exceptions: what the program has done, by that number.
    """
    if registers.lost:
        what, hint = "it jumped to an address without the Thumb bit", "look for a function pointer that is not one"
        return _fault(firmware, registers, "usage fault", what, hint, at_caller=True)
    if exception == -uc_const.UC_ERR_INSN_INVALID or exceptions.get(exception) == UNDEFINED:
        what, hint = UNDEFINED, "look for a trap, or for code built for another core"
    elif exception in exceptions:
        what, hint = exceptions[exception], "this core stops there"
    else:
        what, hint = f"the core raised exception {exception}", "the registers say where"
    return _fault(firmware, registers, "usage fault", what, hint)


def misaligned(firmware: Firmware, registers: Registers) -> BoardFault:
    """The fault of an access to words, or of the FPU, at an address that is not a multiple of four."""
    what = "a load or store of words, or of the FPU, at an address that is not a multiple of four"
    return _fault(firmware, registers, "usage fault", what, "align the data, or load it byte by byte")


def endless(firmware: Firmware, registers: Registers, what: str) -> BoardFault:
    """The fault of a program that does not come to an end."""
    return _fault(firmware, registers, "endless loop", what, "look at what this function waits for")


def bad_register(firmware: Firmware, registers: Registers, what: str) -> BoardFault:
    """The fault of an access that a peripheral refuses."""
    return _fault(firmware, registers, "bus fault", what, "docs/virt-m4.md lists the registers")


def _fault(
    firmware: Firmware, registers: Registers, kind: str, what: str, hint: str, *, at_caller: bool = False
) -> BoardFault:
    """`kind in function (file:line): what; hint`, and the registers.

    After a wild jump the pc says nothing: then the place to look is behind the lr.
    """
    at_caller = at_caller or firmware.function_at(registers.pc) == "?"
    place = (registers.lr & ~1) - 2 if at_caller else registers.pc
    line = firmware.line_at(place)
    where = f"{firmware.function_at(place)}{f' ({line})' if line else ''}"
    shown = [f"{name:>4} {value:#010x}" for name, value in registers.shown.items()]
    rows = ["  " + " ".join(shown[i : i + 4]) for i in range(0, len(shown), 4)]
    return BoardFault("\n".join((f"{kind} in {where}: {what}; {hint}", *rows)))
