"""What a program did that the board refuses, in words."""

from __future__ import annotations

from dataclasses import dataclass

from unicorn import unicorn_const as uc_const

from motes.errors import BoardFault
from motes.machine.elf import Image
from motes.target import Chip

THUMB = 1 << 24  # the bit of xPSR that says that the core decodes Thumb
BELOW_THE_STACK = 0x10000  # an access this near below the stack's end is taken for its overflow

_WRITES = (uc_const.UC_MEM_WRITE_UNMAPPED, uc_const.UC_MEM_WRITE_PROT)
_FETCHES = (uc_const.UC_MEM_FETCH_UNMAPPED, uc_const.UC_MEM_FETCH_PROT)
_EXCEPTIONS = {  # the emulator's numbers
    2: "it executed SVC, which nothing handles",
    3: "it executed BKPT without a debugger",
    4: "an access that must be aligned is not",
    7: "it executed BKPT without a debugger",
    17: "it used the FPU before switching it on",
}


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
    xpsr: int
    general: tuple[int, ...]
    """r0 to r12."""


def bad_access(image: Image, chip: Chip, registers: Registers, access: BadAccess) -> BoardFault:
    """The fault of an access that memory or a peripheral refused."""
    at, size = access.address, access.size
    if access.access in _FETCHES:
        return _fault(
            image,
            registers,
            "execution outside flash",
            f"it jumped to {at:#010x}",
            "look for a function pointer or a return address that was overwritten",
        )
    wrote = access.access in _WRITES
    did = f"it {'wrote' if wrote else 'read'} {size} bytes at {at:#010x}"
    limit = image.symbols.get("__stack_limit", chip.ram.start)
    if registers.sp < limit or limit - BELOW_THE_STACK <= at < limit:
        return stack_overflow(image, registers, did)
    if wrote and at in chip.flash:
        return _fault(image, registers, "write to flash", did, "constants cannot be written; copy them to RAM first")
    return _fault(
        image, registers, "bus fault", f"{did}, where the board has nothing", "look for a wild pointer or an index"
    )


def stack_overflow(image: Image, registers: Registers, did: str) -> BoardFault:
    """The fault of a stack that has outgrown its place."""
    limit, top = image.symbols.get("__stack_limit", 0), image.symbols.get("__stack_top", 0)
    return _fault(
        image,
        registers,
        "stack overflow",
        f"{did}, below the end of the stack at {limit:#010x}",
        f"the image reserves {top - limit} bytes for the stack; reserve more, or keep large arrays off it",
    )


def refused(image: Image, registers: Registers, exception: int) -> BoardFault:
    """The fault of an instruction that the core refuses.

    Args:
        exception: the emulator's number of the exception, or minus its error.
    """
    if not registers.xpsr & THUMB:
        what, hint = "it jumped to an address without the Thumb bit", "look for a function pointer that is not one"
    elif exception in _EXCEPTIONS:
        what, hint = _EXCEPTIONS[exception], "this core stops there"
    elif exception == -uc_const.UC_ERR_INSN_INVALID:
        what, hint = "the instruction is undefined on this core", "look for a trap, or for code built for another core"
    else:
        what, hint = f"the core raised exception {exception}", "the registers say where"
    return _fault(image, registers, "usage fault", what, hint)


def endless(image: Image, registers: Registers, what: str) -> BoardFault:
    """The fault of a program that does not come to an end."""
    return _fault(image, registers, "endless loop", what, "look at what this function waits for")


def bad_register(image: Image, registers: Registers, what: str) -> BoardFault:
    """The fault of an access that a peripheral refuses."""
    return _fault(image, registers, "bus fault", what, "docs/virt-m4.md lists the registers")


def _fault(image: Image, registers: Registers, kind: str, what: str, hint: str) -> BoardFault:
    """`kind in function (file:line): what; hint`, and the registers."""
    # A wild jump leaves no function at the pc: then the caller is the place to look.
    inside = image.function_at(registers.pc) != "?"
    place = registers.pc if inside else registers.lr & ~1
    line = image.line_at(place if inside else place - 2)
    where = f"{image.function_at(place)}{f' ({line})' if line else ''}"
    first = {"pc": registers.pc, "lr": registers.lr, "sp": registers.sp, "xpsr": registers.xpsr}
    rest = {f"r{i}": value for i, value in enumerate(registers.general)}
    shown = [f"{name:>4} {value:#010x}" for name, value in (first | rest).items()]
    rows = ["  " + " ".join(shown[i : i + 4]) for i in range(0, len(shown), 4)]
    return BoardFault("\n".join((f"{kind} in {where}: {what}; {hint}", *rows)))
