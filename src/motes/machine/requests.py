"""What the worker process is asked for, and how a recording looks to it: plain values that can be sent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from motes.target import Board

Place = int | str
"""An address, or the name of a symbol."""


@dataclass(frozen=True)
class Recording:
    """What a sensor will deliver: its bytes, and the rate of its items.

    An item is what the rate counts: a sample, a triple or a frame; `unit` is its size in bytes.
    """

    data: bytes
    rate_mhz: int
    unit: int
    shape: tuple[int, int] | None = None
    """Width and height of a frame."""


@dataclass(frozen=True)
class Tap:
    """A place to look at memory: whenever the code at `at` is entered, the ranges in `reads` are recorded."""

    name: str
    at: Place
    reads: tuple[tuple[Place, int], ...]
    """Address or symbol, and bytes."""


@dataclass(frozen=True)
class MeasureRequest:
    """See `motes.machine.measure`."""

    image: Path
    board: Board
    marks: dict[Place, str]
    overwrite: dict[str, bytes]
    read: tuple[str, ...]
    limit_cycles: int


@dataclass(frozen=True)
class ReplayRequest:
    """See `motes.machine.replay`."""

    image: Path
    board: Board
    marks: dict[Place, str]
    runs: tuple[tuple[dict[str, bytes], ...], ...]
    carry: tuple[str, ...]
    read: tuple[str, ...]
    limit_cycles: int


@dataclass(frozen=True)
class ExecuteRequest:
    """See `motes.machine.execute`."""

    image: Path
    board: Board
    recordings: dict[str, Recording]
    marks: dict[Place, str]
    taps: tuple[Tap, ...]
    read: tuple[str, ...]
    until_s: float | None
