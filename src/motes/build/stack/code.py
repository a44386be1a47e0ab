"""What the stack's bound needs of an architecture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass
class Function:
    """What one function does with the stack: `peak` bytes of its own, and its calls with the bytes in use at each."""

    name: str
    start: int
    end: int
    peak: int = 0
    calls: list[tuple[int, int]] = field(default_factory=list)
    frame: int | None = None
    """Bytes in use where the frame pointer stands, once it is set."""


@dataclass(frozen=True)
class Instruction:
    """One instruction; its operands as the disassembler prints them."""

    address: int
    size: int
    name: str
    operands: str
    conditional: bool = False


class Reader(ABC):
    """Reads the machine code of an architecture."""

    mark: ClassVar[str]
    """The mapping symbol where code begins."""
    frame: ClassVar[int]
    """Bytes that an interrupt stacks at most."""

    @abstractmethod
    def instructions(self, data: bytes, start: int) -> Iterator[Instruction]:
        """The instructions of a run of code, in order."""

    @abstractmethod
    def moved(self, i: Instruction, function: str) -> int:
        """Bytes by which the instruction deepens the stack; negative where it gives them back.

        Raises:
            BuildFailed: nobody can tell.
        """

    def deepened(self, i: Instruction, function: Function, depth: int) -> int:
        """The bytes in use behind the instruction, `depth` being those before it.

        Raises:
            BuildFailed: nobody can tell.
        """
        return depth + self.moved(i, function.name)

    def switches(self, i: Instruction, depth: int) -> bool:
        """Whether the instruction goes on at one of several places inside the function, to which nothing else leads,
        `depth` bytes being in use."""
        return False

    @abstractmethod
    def after(self, i: Instruction, function: Function, depth: int) -> Iterator[int]:
        """Where the instruction can go on to inside the function; calls are noted in it.

        Raises:
            BuildFailed: it calls through a pointer.
        """
