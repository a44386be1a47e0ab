"""What the emulator must be told of an architecture: its registers, how it sleeps, how handlers return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Architecture:
    """An instruction set, as Unicorn knows it; registers and exceptions are Unicorn's numbers."""

    number: int
    mode: int
    models: Mapping[str, int]
    """Cores, by the names in cores/*.toml."""
    pc: int
    sp: int
    lr: int
    """The register with the return address."""
    status: int
    """The register with the flags of the core..."""
    needed: int
    """... of which it must have these to go on: what a jump to another kind of code clears."""
    shown: Mapping[str, int]
    """Registers that a fault shows, by name."""
    relied: tuple[int, ...]
    """Registers that `timing.alignment` counts, from r0 on."""
    code_bit: int
    """The bit of an address that says of which kind the code there is; it is no part of the address."""
    mask: int
    """The register that holds interrupts back..."""
    mask_bit: int
    masked: int
    """... while this bit of it is this."""
    conditions: int
    """The register that holds what is left of an IT block..."""
    conditions_bits: int
    """... in these bits; 0: there are no such blocks."""
    hints: tuple[bytes, ...]
    """The instructions that sleep."""
    leaves_by: int | None
    """The exception by which a handler returns; None: by a jump to `RETURN`."""
    exceptions: Mapping[int, str]
    """What a program has done that raises them."""


RETURN = 0xFFFFF000
"""Where handlers return to on architectures that have no address of their own for it: nothing is there."""
