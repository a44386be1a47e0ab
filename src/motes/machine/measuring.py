"""Runs a profile image and measures its region; this is what the worker does for `measure`.

The image talks through stimulus ports of the ITM: a byte to port 0 is a character on the console, a word to port 30
opens the region, to port 31 closes it, to port 29 ends the program with that status. The block with the opening store
is not counted, the one with the closing store is.
"""

from __future__ import annotations

from dataclasses import replace

from motes.errors import BadInput
from motes.machine.cpu import Stop
from motes.machine.emulating import start
from motes.machine.faults import RegisterFault, endless
from motes.machine.firmware import read_firmware
from motes.machine.interrupts import SYSTEM, SYSTEM_SIZE
from motes.machine.peripherals import MAX_CONSOLE_BYTES
from motes.machine.requests import MeasureRequest, ReplayRequest
from motes.machine.results import Measurement, Replay, Spent

ITM = 0xE0000000
ITM_SIZE = 0x1000
CONSOLE, EXIT, REGION_START, REGION_END = 0x00, 0x74, 0x78, 0x7C
READY = 1  # what a stimulus port reads: there is room


class _Region:
    """A profile image under way."""

    def __init__(self, request: MeasureRequest) -> None:
        firmware = read_firmware(request.image)
        assert request.board.chip is not None
        self.request = request
        self.cpu = start(firmware, request.board)
        self.console = bytearray()
        self.exit_status: int | None = None
        self.result: Measurement | None = None
        self._names = {firmware.code(place): name for place, name in request.marks.items()}
        self._layers: dict[str, Spent] | None = None  # None: the region is not open
        self._layer = ""
        self._since = Spent(0, 0)
        self._opened_at = 0
        self.cpu.on_visit = self._on_mark
        for address in self._names:
            self.cpu.watch(address)
        self.cpu.map_registers(ITM, ITM_SIZE, lambda offset, size: READY, self._on_itm)
        self.cpu.map_registers(SYSTEM, SYSTEM_SIZE, lambda offset, size: 0, lambda offset, size, value: None)

    def run(self) -> Measurement:
        """Run to the end."""
        try:
            return self._run()
        finally:
            self.cpu.close()

    def _run(self) -> Measurement:
        cpu, limit = self.cpu, self.request.limit_cycles
        stop = cpu.run(limit)
        if stop is Stop.LIMIT:
            raise endless(cpu.firmware, cpu.registers(), f"the profile image has not ended after {limit:,} cycles")
        if self.exit_status is None:
            raise BadInput(f"{cpu.firmware.path}: it went to sleep before it ended; is this a profile image?")
        if self.result is None:
            raise BadInput(f"{cpu.firmware.path}: it ended without a measured region; is this a profile image?")
        return replace(self.result, console=bytes(self.console), exit_status=self.exit_status)

    def _on_itm(self, offset: int, size: int, value: int) -> None:
        if offset == CONSOLE:
            self.console.append(value & 0xFF)
            if len(self.console) > MAX_CONSOLE_BYTES:
                raise RegisterFault(f"it printed more than {MAX_CONSOLE_BYTES} bytes")
        elif offset == REGION_START:
            self._open()
        elif offset == REGION_END:
            self._close()
        elif offset == EXIT:
            self.exit_status = value - (1 << 32) if value >> 31 else value
            self.cpu.end()

    def _open(self) -> None:
        for name, data in self.request.overwrite.items():
            address, room = self.cpu.firmware.extent(name)
            if len(data) != room or not self.cpu.write(address, data):
                raise BadInput(f"{name} holds {room} bytes in RAM, not the {len(data)} that would overwrite it")
        self.cpu.forget()
        self._opened_at = self.cpu.ledger.clock
        self._layers, self._layer, self._since = {}, "", Spent(0, 0)

    def _close(self) -> None:
        if self._layers is None:
            raise RegisterFault("it closed a measured region that it had not opened")
        cpu = self.cpu
        cpu.settle()
        self._switch("")
        total = self._spent()
        self.result = Measurement(
            instructions=total.instructions,
            cycles=total.cycles,
            layers={name: spent for name, spent in self._layers.items() if spent.instructions},
            functions=cpu.functions(),
            stack_high_water=cpu.stack_high_water(),
            console=b"",
            exit_status=0,
            symbols={name: cpu.read(*cpu.firmware.extent(name)) for name in self.request.read},
        )
        self._layers = None

    def _on_mark(self, address: int) -> None:
        if self._layers is not None:
            self._switch(self._names[address])

    def _switch(self, layer: str) -> None:
        """What was executed since the last mark belongs to its layer."""
        assert self._layers is not None
        now, before = self._spent(), self._layers.get(self._layer, Spent(0, 0))
        self._layers[self._layer] = Spent(
            before.instructions + now.instructions - self._since.instructions,
            before.cycles + now.cycles - self._since.cycles,
        )
        self._layer, self._since = layer, now

    def _spent(self) -> Spent:
        """Since the region was opened."""
        return Spent(self.cpu.ledger.instructions, self.cpu.ledger.clock - self._opened_at)


def measure_image(request: MeasureRequest) -> Measurement:
    """Run the image and measure its region.

    Raises:
        BadInput: it is no profile image for this board.
        BoardFault: it stopped by a fault, or did not stop.
    """
    return _Region(request).run()


def replay_image(request: ReplayRequest) -> Replay:
    """Run the image step by step, run by run; what is carried goes from a step to the next of its run.

    Raises:
        BadInput, BoardFault: as `measure_image`.
    """
    runs = []
    for run in request.runs:
        steps: list[Measurement] = []
        carried: dict[str, bytes] = {}
        for overwrite in run:
            read = tuple(dict.fromkeys((*request.read, *request.carry)))
            written, limit = overwrite | carried, request.limit_cycles
            steps.append(
                measure_image(MeasureRequest(request.image, request.board, request.marks, written, read, limit))
            )
            carried = {name: steps[-1].symbols[name] for name in request.carry}
        runs.append(tuple(steps))
    return Replay(tuple(runs))
