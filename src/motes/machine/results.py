"""What a run on the virtual board tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Spent(NamedTuple):
    """Instructions executed, and the cycles they took."""

    instructions: int
    cycles: int


@dataclass(frozen=True)
class Measurement:
    """The measured region of a profile image."""

    instructions: int
    cycles: int
    layers: Mapping[str, Spent]
    """From each mark to the next, summed by name, in order of first appearance; "" is what lies before the first."""
    functions: Mapping[str, Spent]
    """By function of the image, most cycles first; their sums are the totals."""
    stack_high_water: int
    """Bytes of stack used from reset to the end of the region."""
    console: bytes
    exit_status: int
    symbols: Mapping[str, bytes]
    """What was asked for in `read`, as it was at the end of the region."""


@dataclass(frozen=True)
class Replay:
    """For each run, for each step, what was measured."""

    runs: tuple[tuple[Measurement, ...], ...]


class Line(NamedTuple):
    """A line on the console, without its end, and the cycle at which it was complete."""

    text: str
    cycle: int


class LedChange(NamedTuple):
    """The LED was switched."""

    cycle: int
    on: bool


class Span(NamedTuple):
    """One call of a marked function."""

    name: str
    start: int
    """The cycle at which it was entered."""
    end: int
    """The cycle at which it returned, or at which the run ended."""
    instructions: int
    cycles: int
    """Executed in it and in what it called, without marked functions that it called and without interrupts."""


class TapRecord(NamedTuple):
    """One visit of a tap."""

    cycle: int
    data: tuple[bytes, ...]
    """One entry for each range that the tap reads."""


@dataclass(frozen=True)
class PeripheralUse:
    """What a peripheral did. Sensors count samples (microphone), triples (accelerometer) or pixels (camera)."""

    on_cycles: int
    delivered: int
    lost: int
    """What fell into time without a buffer to fill."""


@dataclass(frozen=True)
class Execution:
    """A run of an application, in virtual time. Cycles since reset are times; cycles of work leave out sleep."""

    clock_hz: int
    cycles: int
    """The length of the run: awake and asleep."""
    cycles_awake: int
    cycles_asleep: int
    instructions: int
    interrupts: int
    functions: Mapping[str, Spent]
    """By function of the image, most cycles first; entry to and exit from interrupts is "(interrupts)"."""
    spans: tuple[Span, ...]
    """Calls of marked functions, by time of entry."""
    lines: tuple[Line, ...]
    led: tuple[LedChange, ...]
    taps: Mapping[str, tuple[TapRecord, ...]]
    peripherals: Mapping[str, PeripheralUse]
    """Those that the application started, and the LED."""
    stack_high_water: int
    """Bytes of stack used, interrupts included."""
    symbols: Mapping[str, bytes]
    """What was asked for in `read`, as it was at the end."""
    exit_status: int

    @property
    def duration_s(self) -> float:
        """The length of the run in seconds."""
        return self.cycles / self.clock_hz
