"""What is said of a basic block: a straight run of instructions that ends in a branch, or where the emulator cuts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from motes.machine.timing.alignment import Reliance


@dataclass(frozen=True)
class BlockCost:
    """What one execution of a block costs.

    `cycles` leaves out the branch that ends the block: that is `taken` or `fallen`, both 0 where nothing branches.
    """

    instructions: int
    cycles: int
    taken: int
    fallen: int
    reliances: dict[Reliance, int] = field(default_factory=dict)
    """What must be aligned on entry, with the address of the first instruction that needs it."""


@dataclass(frozen=True)
class InterruptCycles:
    """What it costs to enter a handler, to leave it, to go from one to the next without leaving, and to store the
    floating-point registers where both the handler and what it interrupted use them."""

    entry: int
    leave: int
    chain: int
    lazy_floats: int


class Timing(Protocol):
    """The cycle model of a core."""

    interrupts: InterruptCycles

    def cost(self, code: bytes, address: int) -> BlockCost:
        """The cost of the block with these bytes at this address."""
        ...
