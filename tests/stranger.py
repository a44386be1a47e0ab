"""A profile image as somebody else measures it, with the simulator m4sim: `python stranger.py TOOLS IMAGE INPUT...`.

TOOLS is the folder of m4sim.py; each INPUT is a file whose bytes are written over motes_input_<i> when the region
opens. Prints one JSON object: counts of the region, outputs at its end, and every access beyond flash and RAM.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, sys.argv[1])
import m4sim

REGION_START, REGION_END = 0x78, 0x7C
PERIPHERALS = {0xE0000000: 0x1000, 0xE0001000: 0x1000, 0xE000E000: 0x1000}
READ_WRITE = 3


class Stranger(m4sim.Sim):  # type: ignore[misc]  # it has no types
    """m4sim that overwrites inputs, takes outputs, and notes what is touched."""

    def __init__(self, image: str, inputs: list[bytes]) -> None:
        self.inputs = inputs
        self.outputs: list[bytes] = []
        self.touched: set[tuple[str, int, int]] = set()
        super().__init__(image)
        self.uc.mem_protect(m4sim.RAM, m4sim.MSZ, READ_WRITE)
        for base, size in PERIPHERALS.items():
            self.uc.mem_unmap(base, size)
            self.uc.mmio_map(base, size, self.on_read, base, self.on_write, base)

    def on_read(self, uc: Any, offset: int, size: int, base: int) -> int:
        self.touched.add(("read", base + offset, size))
        return 0

    def on_write(self, uc: Any, offset: int, size: int, value: int, base: int) -> None:
        self.touched.add(("write", base + offset, size))
        if base != m4sim.ITM:
            return
        if offset == REGION_START:
            for i, data in enumerate(self.inputs):
                address, room = self.sym.by[f"motes_input_{i}"]
                assert len(data) == room
                uc.mem_write(address, data)
        if offset == REGION_END:
            names = (name for name in sorted(self.sym.by) if name.startswith("motes_output_"))
            self.outputs = [bytes(uc.mem_read(*self.sym.by[name])) for name in names]
        self._itm(uc, offset, size, value, None)


def main() -> None:
    sim = Stranger(sys.argv[2], [Path(path).read_bytes() for path in sys.argv[3:]])
    result = sim.run()
    (region,) = result.regions
    found = {
        "status": result.rc,
        "console": result.console.decode(),
        "instructions": region.insns,
        "cycles": region.cycles,
        "stack": region.stack,
        "blocks_outside_flash": sim.ctx.outside,
        "outputs": [data.hex() for data in sim.outputs],
        "touched": sorted(sim.touched),
    }
    print(json.dumps(found))


main()
