"""How fast the emulator counts: instructions a second of CPU time, beside other ways to run the same image.

    python benchmarks/emulator.py [--rounds N] [MODEL ...]

Each image is run again and again in one process, in turns by each way; the fastest run counts, and the first one,
which also translates the code and learns what its blocks cost. "Unicorn" is the emulator alone, with nothing counted;
"m4sim" is tools/m4sim.py beside the public models, where it is there: a native callback for each block that counts.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile
from rich.console import Console
from rich.table import Table
from unicorn.arm_const import UC_ARM_REG_SP, UC_CPU_ARM_CORTEX_M4
from unicorn.unicorn_const import UC_ARCH_ARM, UC_MODE_MCLASS, UC_MODE_THUMB
from unicorn.unicorn_py3 import unicorn as unicorn_module

from motes.machine.firmware import read_firmware
from motes.machine.interrupts import SYSTEM, SYSTEM_SIZE
from motes.machine.measuring import EXIT, ITM, ITM_SIZE, READY, REGION_END, REGION_START
from motes.machine.unicorn_cpu import UnicornCpu
from motes.proving import compile_graph
from motes.target import board
from motes.tflite import load

SHARED = Path(os.environ.get("MOTES_SHARED", Path(__file__).resolve().parents[2] / "shared"))
MODELS = ("kws_ref_model", "pretrainedResnet_quant", "vww_96_int8", "person_detect", "dtln_noise_suppression")
BOARD = "virt-m4"
FOREVER = 1 << 62

Run = Callable[[], float]
"""Runs an image from reset to its end; the CPU seconds that it took."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("models", nargs="*", default=MODELS, metavar="MODEL", help="names without .tflite")
    arguments.add_argument("--rounds", type=int, default=12)
    given = arguments.parse_args()
    table = Table(box=None, title="million instructions a second")
    for title in ("model", "instructions", "Motes, first run", "Motes", "Unicorn", "m4sim", "Motes / m4sim"):
        table.add_column(title, justify="left" if title == "model" else "right")
    for name in given.models:
        path = next((SHARED / "models").rglob(f"{name}.tflite"), None)
        if path is None:
            sys.exit(f"no {name}.tflite in {SHARED / 'models'}; set MOTES_SHARED to the folder that holds models/")
        image = compile_graph(load(path), board(BOARD), "m").image.kept
        ways = [way for way in (ours(image), unicorn(image), m4sim(image)) if way is not None]
        rounds = [[way() for way in ways] for _ in range(1 + given.rounds)]
        best = [min(times) for times in zip(*rounds[1:], strict=True)]
        count = instructions(image)
        first, *speeds = (f"{count / seconds / 1e6:.0f}" for seconds in (rounds[0][0], *best))
        table.add_row(name, f"{count:,}", first, *speeds, *([f"{best[2] / best[0]:.2f}"] if len(ways) == 3 else []))
    Console(width=120).print(table)


def core(image: Path) -> UnicornCpu:
    """The core as the worker has it, but for layers."""
    cpu = UnicornCpu(read_firmware(image), board(BOARD))

    def write(offset: int, size: int, value: int) -> None:
        if offset == EXIT:
            cpu.end()

    cpu.map_registers(ITM, ITM_SIZE, lambda offset, size: READY, write)
    cpu.map_registers(SYSTEM, SYSTEM_SIZE, lambda offset, size: 0, lambda offset, size, value: None)
    return cpu


def instructions(image: Path) -> int:
    """What one run executes, start-up included."""
    cpu = core(image)
    cpu.run(FOREVER)
    return int(cpu.ledger.instructions)


def ours(image: Path) -> Run:
    """Motes."""
    cpu = core(image)
    sp, pc = cpu.sp, cpu.pc

    def run() -> float:
        cpu.sp, cpu.pc = sp, pc
        began = time.process_time()
        cpu.run(FOREVER)
        return time.process_time() - began

    return run


def unicorn(image: Path) -> Run:
    """The emulator alone."""
    chip = board(BOARD).chip
    assert chip is not None
    emulator: Any = unicorn_module.Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
    emulator.ctl_set_cpu_model(UC_CPU_ARM_CORTEX_M4)
    for memory in (chip.flash, chip.ram):
        emulator.mem_map(memory.start, memory.size)
    with image.open("rb") as file:
        for segment in ELFFile(file).iter_segments():
            if segment["p_type"] == "PT_LOAD" and segment["p_filesz"]:
                emulator.mem_write(segment["p_paddr"], segment.data())

    def write(uc: Any, offset: int, size: int, value: int, data: object) -> None:
        if offset == EXIT:
            uc.emu_stop()

    emulator.mmio_map(ITM, ITM_SIZE, lambda *_: READY, None, write, None)
    emulator.mem_map(SYSTEM, SYSTEM_SIZE)
    sp, pc = (int.from_bytes(emulator.mem_read(chip.flash.start + at, 4), "little") for at in (0, 4))

    def run() -> float:
        emulator.reg_write(UC_ARM_REG_SP, sp)
        began = time.process_time()
        emulator.emu_start(pc | 1, 0xFFFFFFFE)
        return time.process_time() - began

    return run


def m4sim(image: Path) -> Run | None:
    """The simulator that the counts are compared with in the tests; None: it is not there."""
    source = SHARED / "tools" / "m4sim.py"
    if not source.is_file():
        return None
    spec = importlib.util.spec_from_file_location("m4sim", source)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    class Counting(module.Sim):  # type: ignore[misc, name-defined]
        """Counts in the region, and leaves out its report."""

        def _itm(self, uc: Any, offset: int, size: int, value: int, data: object) -> None:
            if offset in (REGION_START, REGION_END):
                self.ctx.enabled = offset == REGION_START
            elif offset == EXIT:
                uc.emu_stop()

    sim = Counting(image)

    def run() -> float:
        began = time.process_time()
        sim.run()
        return time.process_time() - began

    return run


if __name__ == "__main__":
    main()
