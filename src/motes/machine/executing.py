"""Runs an application in virtual time; this is what the worker does for `execute`."""

from __future__ import annotations

from collections.abc import Callable

from motes.errors import BadInput
from motes.machine.arm import ARM
from motes.machine.arm_interrupts import ArmInterrupts
from motes.machine.cpu import Cpu, Stop
from motes.machine.emulating import start
from motes.machine.faults import RegisterFault, bad_register, endless
from motes.machine.firmware import read_firmware
from motes.machine.interrupts import Interrupts
from motes.machine.peripherals import KINDS, MAX_CONSOLE_BYTES, SENSORS, SIZE, Device, Led, Sensor
from motes.machine.qemu_cpu import QemuCpu
from motes.machine.qemu_interrupts import QemuInterrupts
from motes.machine.requests import ExecuteRequest
from motes.machine.results import Execution, Line, Spent
from motes.machine.riscv_interrupts import RiscvInterrupts
from motes.machine.tracing import Tracer
from motes.machine.unicorn_cpu import UnicornCpu

GRACE_S = 10.0
"""Seconds that the application may go on working without sleep, once its input has ended."""
WITHOUT_INPUT_S = 60.0
"""The length of a run without a sensor."""
MAX_REFUSED_SLEEPS = 10_000
NEVER = 1 << 62


class VirtualBoard:
    """A board with an application on it, from reset to the end of its run."""

    def __init__(self, request: ExecuteRequest, on_line: Callable[[Line], None]) -> None:
        assert request.board.chip is not None
        self._request, self._chip = request, request.board.chip
        self._cpu = start(read_firmware(request.image), request.board)
        self._interrupts = _controller(self._cpu)
        self._tracer = Tracer(self._cpu, request.marks, request.taps)
        self._interrupts.on_enter = self._tracer.enter_interrupt
        self._interrupts.on_leave = self._tracer.leave_interrupt
        self._devices = self._make_devices()
        self._sensors = [d for d in self._devices.values() if isinstance(d, Sensor)]
        self._on_line = on_line
        self._lines: list[Line] = []
        self._text = bytearray()
        self._printed = 0
        self._last_sleep = self._refused_sleeps = 0
        self._exit_status: int | None = None

    def run(self) -> Execution:
        """Run to the end."""
        try:
            while self._exit_status is None:
                self._go_on()
            if self._text:
                self._end_line()
            return self._result(self._exit_status)
        except RegisterFault as error:
            raise bad_register(self._cpu.firmware, self._cpu.registers(), str(error)) from None
        finally:
            self._cpu.close()

    def _go_on(self) -> None:
        """To the next event."""
        self._fire()
        self._interrupts.deliver()
        until, last = self._until(), self._patience()
        stop = self._cpu.run(min(self._next_due(), until, last))
        if stop is Stop.RETURN:
            self._interrupts.leave()
        elif stop is Stop.SLEEP:
            self._sleep()
        if self._exit_status is None and self.now >= until:
            self._exit_status = 0
        elif self._exit_status is None and self.now >= last:
            what = f"the application has worked for {GRACE_S:g} s without sleep"
            raise endless(self._cpu.firmware, self._cpu.registers(), what)

    # -------------------------------------------------------------------------------------------- for peripherals

    @property
    def now(self) -> int:
        """Cycles since reset."""
        return int(self._cpu.ledger.clock)

    @property
    def clock_hz(self) -> int:
        """Cycles of a second."""
        return self._chip.clock_hz

    def interrupt(self, irq: int) -> None:
        """Ask the core for attention."""
        self._interrupts.request(irq)

    def read_memory(self, address: int, size: int) -> bytes:
        """Bytes of flash or RAM."""
        memory = self._chip.ram if address in self._chip.ram else self._chip.flash
        if address not in memory or address + size > memory.end:
            raise RegisterFault(f"it asked the console for {size} bytes at {address:#010x}, where there is no memory")
        return self._cpu.read(address, size)

    def write_memory(self, address: int, data: bytes) -> None:
        """Write to RAM, as DMA does."""
        if not self._cpu.write(address, data):
            raise RegisterFault(f"it gave a sensor a buffer of {len(data)} bytes at {address:#010x}, outside RAM")

    def console(self, data: bytes) -> None:
        """Characters for the console."""
        self._printed += len(data)
        if self._printed > MAX_CONSOLE_BYTES:
            raise RegisterFault(f"it printed more than {MAX_CONSOLE_BYTES} bytes")
        self._text += data
        while b"\n" in self._text:
            self._end_line()

    def exit(self, status: int) -> None:
        """The program ends."""
        self._exit_status = status
        self._cpu.end()

    # -------------------------------------------------------------------------------------------- time

    def _next_due(self) -> int:
        return min((due for d in self._devices.values() if (due := d.due()) is not None), default=NEVER)

    def _fire(self) -> None:
        """Let every peripheral act whose time has come."""
        while True:
            due, device = min(
                ((due, d) for d in self._devices.values() if (due := d.due()) is not None),
                key=lambda pair: pair[0],
                default=(NEVER, None),
            )
            if device is None or due > self.now:
                return
            device.fire()
            self._show(device)

    def _sleep(self) -> None:
        """WFI: until an interrupt waits, or the input is over."""
        began = self.now
        while not self._interrupts.waiting:
            due, until = self._next_due(), self._until()
            over = any(s.started for s in self._sensors) and not any(s.running for s in self._sensors)
            if over or due > until or due == NEVER:
                end = max((s.end for s in self._sensors), default=0)
                self._skip_to(min(until, end if over else until if until < NEVER else self.now))
                self._exit_status = 0
                self._check_recordings()
                return
            self._skip_to(due)
            self._fire()
        if self.now > began:
            self._last_sleep, self._refused_sleeps = self.now, 0
        else:
            self._refused_sleeps += 1
        if self._refused_sleeps > MAX_REFUSED_SLEEPS:
            what = f"it has tried to sleep {MAX_REFUSED_SLEEPS:,} times while an interrupt waits that it holds back"
            raise endless(self._cpu.firmware, self._cpu.registers(), what)

    def _skip_to(self, cycle: int) -> None:
        """Sleep until then."""
        asleep = max(0, cycle - self.now)
        self._cpu.ledger.clock += asleep
        self._tracer.asleep += asleep

    def _until(self) -> int:
        """The cycle at which the run ends, whatever happens."""
        until_s = self._request.until_s
        if until_s is None:
            until_s = None if any(s.started for s in self._sensors) else WITHOUT_INPUT_S
        return NEVER if until_s is None else round(until_s * self.clock_hz)

    def _patience(self) -> int:
        """The cycle at which an application that has not slept is taken to be lost."""
        return max(self._last_sleep, *(s.end for s in self._sensors), 0) + round(GRACE_S * self.clock_hz)

    # -------------------------------------------------------------------------------------------- the rest

    def _make_devices(self) -> dict[str, Device]:
        devices: dict[str, Device] = {}
        for name, peripheral in self._request.board.peripherals.items():
            if peripheral.base is None:
                continue
            if name in SENSORS:
                devices[name] = Sensor(self, peripheral, self._request.recordings.get(name))
            elif name in KINDS:
                devices[name] = KINDS[name](self, peripheral)
            else:
                known = ", ".join((*KINDS, *SENSORS))
                raise BadInput(f"board {self._request.board.name}: no {name} can be modelled; known are {known}")
            device = devices[name]
            self._cpu.map_registers(peripheral.base, SIZE, self._reader(device), self._writer(device))
            self._show(device)
        return devices

    def _reader(self, device: Device) -> Callable[[int, int], int]:
        def read(offset: int, size: int) -> int:
            value = device.read(offset, size)
            self._show(device)
            return value

        return device.read if self._cpu.asks else read

    def _writer(self, device: Device) -> Callable[[int, int, int], None]:
        def write(offset: int, size: int, value: int) -> None:
            due = device.due()
            device.write(offset, size, value)
            self._show(device)
            if device.due() != due:
                self._cpu.look_up()

        return write

    def _show(self, device: Device) -> None:
        """Leave in its registers what the program will read there, where the device is not asked then."""
        if not self._cpu.asks and device.peripheral.base is not None:
            for offset in device.names:
                self._cpu.show(device.peripheral.base + offset, device.shown(offset))

    def _check_recordings(self) -> None:
        for name in self._request.recordings:
            device = self._devices.get(name)
            if not isinstance(device, Sensor) or not device.started:
                raise BadInput(f"a recording was given for the {name}, but the application never starts it")

    def _end_line(self) -> None:
        text, _, rest = bytes(self._text).partition(b"\n")
        self._text = bytearray(rest)
        line = Line(text.decode("utf-8", "replace").rstrip("\r"), self.now)
        self._lines.append(line)
        self._on_line(line)

    def _result(self, exit_status: int) -> Execution:
        cpu, tracer = self._cpu, self._tracer
        cpu.settle()
        functions = cpu.functions()
        if self._interrupts.cycles:
            functions["(interrupts)"] = Spent(0, self._interrupts.cycles)
        uses = {name: device.use() for name, device in self._devices.items()}
        led = self._devices.get("led")
        return Execution(
            clock_hz=self.clock_hz,
            cycles=self.now,
            cycles_awake=self.now - tracer.asleep,
            cycles_asleep=tracer.asleep,
            instructions=int(cpu.ledger.instructions),
            interrupts=self._interrupts.count,
            functions=dict(sorted(functions.items(), key=lambda item: (-item[1].cycles, item[0]))),
            spans=tracer.finish(),
            lines=tuple(self._lines),
            led=tuple(led.changes) if isinstance(led, Led) else (),
            taps={name: tuple(records) for name, records in tracer.records.items()},
            peripherals={name: use for name, use in uses.items() if use is not None},
            stack_high_water=cpu.stack_high_water(),
            symbols={name: cpu.read(*cpu.firmware.extent(name)) for name in self._request.read},
            exit_status=exit_status,
        )


def _controller(cpu: Cpu) -> Interrupts | QemuInterrupts:
    """The interrupt controller for a core."""
    if isinstance(cpu, QemuCpu):
        return QemuInterrupts(cpu)
    assert isinstance(cpu, UnicornCpu)
    return (ArmInterrupts if cpu.architecture is ARM else RiscvInterrupts)(cpu)


def execute_image(request: ExecuteRequest, on_line: Callable[[Line], None]) -> Execution:
    """Run the application to the end of its input.

    Raises:
        BadInput: image, recordings and board do not go together.
        BoardFault: it stopped by a fault, or did not stop.
    """
    return VirtualBoard(request, on_line).run()
