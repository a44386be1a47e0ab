"""Which emulator executes a core."""

from __future__ import annotations

from motes.machine.cpu import Cpu
from motes.machine.firmware import Firmware
from motes.machine.qemu_cpu import QemuCpu
from motes.machine.qemu_program import MACHINES
from motes.machine.unicorn_cpu import UnicornCpu
from motes.target import Board


def start(firmware: Firmware, board: Board) -> Cpu:
    """The core of a board with a program, at reset.

    Raises:
        BadInput: the program lies elsewhere than the board's flash, or the emulator is not installed.
    """
    kind = QemuCpu if board.core.model in MACHINES else UnicornCpu
    return kind(firmware, board)
