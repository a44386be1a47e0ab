"""The peripherals of the virtual board; docs/virt-m4.md describes their registers.

A peripheral knows when it will act next (`due`), and acts then (`fire`). Between two such moments nothing happens, so
the core runs undisturbed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol

from motes.errors import BadInput
from motes.machine.faults import RegisterFault
from motes.machine.requests import Recording
from motes.machine.results import LedChange, PeripheralUse
from motes.target import Peripheral

SIZE = 0x1000  # of each peripheral's range of addresses
MAX_CONSOLE_BYTES = 16 * 1024 * 1024  # a program that prints more is lost
PER_HZ = 1000  # rates are in 1/1000 Hz

START, STOP = 1, 0
BUFFERS = 2  # that may wait for a sensor


class Machine(Protocol):
    """What peripherals need of the rest of the board."""

    @property
    def now(self) -> int:
        """Cycles since reset."""

    @property
    def clock_hz(self) -> int:
        """Cycles of a second."""

    def interrupt(self, irq: int) -> None:
        """Ask the core for attention."""

    def read_memory(self, address: int, size: int) -> bytes:
        """Bytes of memory."""

    def write_memory(self, address: int, data: bytes) -> None:
        """Write to RAM, as DMA does."""

    def console(self, data: bytes) -> None:
        """Characters were written to the console."""

    def exit(self, status: int) -> None:
        """The program ends."""


class Device:
    """A peripheral without time of its own. `registers` holds what the program has written, by offset."""

    names: ClassVar[Mapping[int, str]] = {}
    """Its registers, by offset."""

    def __init__(self, machine: Machine, peripheral: Peripheral) -> None:
        self.machine, self.peripheral = machine, peripheral
        self.registers: dict[int, int] = {}

    def read(self, offset: int, size: int) -> int:
        """The program reads a register."""
        self._check("read", offset, size)
        return self.shown(offset)

    def shown(self, offset: int) -> int:
        """What it would read there."""
        return self.registers.get(offset, 0)

    def write(self, offset: int, size: int, value: int) -> None:
        """The program writes a register."""
        self._check("wrote", offset, size)
        self.registers[offset] = value

    def due(self) -> int | None:
        """The cycle at which it acts next, if it does."""
        return None

    def fire(self) -> None:
        """Act: the time has come."""

    def use(self) -> PeripheralUse | None:
        """What it did, or None while it was never on."""
        return None

    def _check(self, did: str, offset: int, size: int) -> None:
        if size != 4 or offset not in self.names:
            known = ", ".join(f"{name} at {at:#x}" for at, name in self.names.items())
            raise RegisterFault(
                f"it {did} {size} bytes at offset {offset:#x} of the {self.peripheral.name}, "
                f"which has words only: {known}"
            )


class Console(Device):
    """Prints: writing LENGTH prints that many bytes from ADDRESS on."""

    names: ClassVar[Mapping[int, str]] = {0x00: "ADDRESS", 0x04: "LENGTH"}

    def write(self, offset: int, size: int, value: int) -> None:
        """Print when LENGTH is written."""
        super().write(offset, size, value)
        if offset == 0x04 and value:
            self.machine.console(self.machine.read_memory(self.registers.get(0x00, 0), value))


class Led(Device):
    """A light: STATE is 0 for off, else on."""

    names: ClassVar[Mapping[int, str]] = {0x00: "STATE"}

    def __init__(self, machine: Machine, peripheral: Peripheral) -> None:
        super().__init__(machine, peripheral)
        self.changes: list[LedChange] = []

    def write(self, offset: int, size: int, value: int) -> None:
        """Keep when it changes."""
        super().write(offset, size, value)
        if bool(value) != (self.changes[-1].on if self.changes else False):
            self.changes.append(LedChange(self.machine.now, bool(value)))

    def use(self) -> PeripheralUse | None:
        """How long it was on."""
        if not self.changes:
            return None
        times = [c.cycle for c in self.changes] + ([self.machine.now] if self.changes[-1].on else [])
        on = sum(end - start for start, end in zip(times[::2], times[1::2], strict=True))
        return PeripheralUse(on, 0, 0)


class Power(Device):
    """Ends the program: writing EXIT ends it with that status."""

    names: ClassVar[Mapping[int, str]] = {0x00: "EXIT"}

    def write(self, offset: int, size: int, value: int) -> None:
        """End."""
        super().write(offset, size, value)
        self.machine.exit(value - (1 << 32) if value >> 31 else value)


class Timer(Device):
    """Interrupts every PERIOD microseconds, from the moment it is written; 0 stops it."""

    names: ClassVar[Mapping[int, str]] = {0x00: "PERIOD"}

    def __init__(self, machine: Machine, peripheral: Peripheral) -> None:
        super().__init__(machine, peripheral)
        self._started = self._ticks = 0

    def write(self, offset: int, size: int, value: int) -> None:
        """Start anew."""
        super().write(offset, size, value)
        self._started, self._ticks = self.machine.now, 0

    def due(self) -> int | None:
        """The end of the current period."""
        period = self.registers.get(0x00, 0)
        if not period:
            return None
        return self._started + (self._ticks + 1) * period * self.machine.clock_hz // 1_000_000

    def fire(self) -> None:
        """Interrupt, and go on."""
        self._ticks += 1
        _interrupt(self)


class Sensor(Device):
    """Microphone, accelerometer, camera: a recording, delivered at its true rate by double buffer and interrupt.

    Time is cut into slots of LENGTH bytes from the start on. A slot takes the oldest of the buffers that wait (NEXT)
    when it begins, is written to it when it ends, and interrupts; a slot without a buffer is lost. A recording's last,
    incomplete slot is not delivered.
    """

    names: ClassVar[Mapping[int, str]] = {
        0x00: "CONTROL",
        0x04: "RATE",
        0x08: "LENGTH",
        0x0C: "NEXT",
        0x10: "DONE",
        0x14: "LOST",
        0x18: "WIDTH",
        0x1C: "HEIGHT",
    }

    def __init__(self, machine: Machine, peripheral: Peripheral, recording: Recording | None) -> None:
        super().__init__(machine, peripheral)
        self._recording = recording
        self._running = False
        self._started = self._on_cycles = 0
        self._slot = self._slots = 0
        self._buffer = 0  # of the slot under way; 0: none
        self._empty: list[int] = []  # buffers that wait to be filled
        self._full: list[int] = []  # and to be read
        self._delivered = self._lost = 0

    @property
    def started(self) -> bool:
        """Whether the program has ever started it."""
        return self._running or self._on_cycles > 0

    @property
    def running(self) -> bool:
        """Whether it will deliver more."""
        return self._running and self._slot < self._slots

    @property
    def end(self) -> int:
        """The cycle at which the recording ends."""
        if not self._running or self._recording is None:
            return 0
        return self._started + self._cycles(len(self._recording.data))

    def read(self, offset: int, size: int) -> int:
        """DONE takes a full buffer."""
        value = super().read(offset, size)
        if offset == 0x10:
            self._full = self._full[1:]
        return value

    def shown(self, offset: int) -> int:
        """DONE is the oldest full buffer, LOST counts; the rest is what was written."""
        if offset == 0x10:
            return self._full[0] if self._full else 0
        return self._lost // self._item if offset == 0x14 else super().shown(offset)

    def write(self, offset: int, size: int, value: int) -> None:
        """CONTROL starts and stops it, NEXT hands it a buffer."""
        super().write(offset, size, value)
        if offset == 0x0C:
            self._empty.append(value)
            if len(self._empty) > BUFFERS:
                raise RegisterFault(f"it gave the {self.peripheral.name} more than {BUFFERS} buffers to wait")
        elif offset == 0x00 and value == START and not self._running:
            self._start()
        elif offset == 0x00 and value == STOP and self._running:
            self._on_cycles += self.machine.now - self._started
            self._running = False

    def due(self) -> int | None:
        """The end of the current slot."""
        if not self.running:
            return None
        return self._started + self._cycles((self._slot + 1) * self._length)

    def fire(self) -> None:
        """End a slot, and begin the next."""
        assert self._recording is not None
        data = self._recording.data[self._slot * self._length : (self._slot + 1) * self._length]
        self._slot += 1
        if self._buffer:
            self.machine.write_memory(self._buffer, data)
            self._full.append(self._buffer)
            self._delivered += len(data)
            _interrupt(self)
        else:
            self._lost += len(data)
        self._begin_slot()

    def use(self) -> PeripheralUse | None:
        """How long it was on, and what became of the samples."""
        if not self.started:
            return None
        on = self._on_cycles + (self.machine.now - self._started if self._running else 0)
        return PeripheralUse(on, self._delivered // self._item, self._lost // self._item)

    @property
    def _length(self) -> int:
        return self.registers.get(0x08, 0)

    @property
    def _item(self) -> int:
        """Bytes of what is counted: a sample, a triple, a pixel."""
        return self._recording.unit if self._recording and not self._recording.shape else 1

    def _cycles(self, size: int) -> int:
        """The time that so many bytes take, rounded up to a cycle."""
        assert self._recording is not None
        return -(-size * PER_HZ * self.machine.clock_hz // (self._recording.unit * self._recording.rate_mhz))

    def _begin_slot(self) -> None:
        self._buffer = self._empty.pop(0) if self._empty else 0

    def _start(self) -> None:
        name, recording = self.peripheral.name, self._recording
        if recording is None:
            raise BadInput(f"the application starts the {name}, but no recording was given for it; add one")
        rate = self.registers.get(0x04, 0)
        if rate != recording.rate_mhz:
            raise BadInput(
                f"the application asks the {name} for {rate / PER_HZ:g} Hz, but the recording has "
                f"{recording.rate_mhz / PER_HZ:g} Hz; resample it, or change the application's rate"
            )
        shape = (self.registers.get(0x18, 0), self.registers.get(0x1C, 0))
        if recording.shape and recording.shape != shape:
            raise BadInput(
                f"the application asks the {name} for frames of {shape[0]}x{shape[1]}, but the recording has "
                f"{recording.shape[0]}x{recording.shape[1]}; resize it, or change the application"
            )
        if not self._length or self._length % self._item:
            raise RegisterFault(f"it started the {name} with buffers of {self._length} bytes")
        self._running, self._started, self._slot = True, self.machine.now, 0
        self._slots = len(recording.data) // self._length
        self._begin_slot()


def _interrupt(device: Device) -> None:
    if device.peripheral.irq is not None:
        device.machine.interrupt(device.peripheral.irq)


KINDS: Mapping[str, Callable[[Machine, Peripheral], Device]] = {
    "console": Console,
    "led": Led,
    "power": Power,
    "timer": Timer,
}
"""The peripherals that need no recording, by their names in board.toml."""

SENSORS = ("microphone", "accelerometer", "camera")
