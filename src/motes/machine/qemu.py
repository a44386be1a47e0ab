"""QEMU as a process: how it is started, and the three channels through which it is steered.

- *Questions*: the plugin `qemu.c` asks through a socket, and the core waits for the answer; the ledger lies in memory
  that both share.
- *Memory and interrupts*: QEMU's test protocol (`-qtest`), which works beside execution.
- *Registers*: QEMU's monitor protocol (`-qmp`).

QEMU is under GPL-2.0; Motes starts the one that is installed. Tried with 7.2 and 10.0, on Linux.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import json
import mmap
import os
import re
import socket
import struct
import subprocess
import tempfile
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

from motes.errors import BadInput, BoardFault
from motes.machine import MOST_COMPLAINTS
from motes.machine.native import NOT_AN_ADDRESS, Block, Ledger
from motes.machine.qemu_program import MACHINES, PATIENCE, REMEDY, installed, plugin

INTERRUPTS = "/machine/iotkit/cluster0/armv7m0"
"""The interrupt controller of these boards."""


class Kind(IntEnum):
    """`question_kind` of qemu.c."""

    LEARN = 0
    VISIT = 1
    LIMIT = 2
    OUTSIDE = 3
    LOADED = 4
    STORED = 5
    IDLE = 6


class Question(NamedTuple):
    """`question` of qemu.c: the core waits until it is answered, unless it is idle."""

    kind: Kind
    size: int
    address: int
    at: int


class _Bounds(ctypes.Structure):
    """What follows the ledger in `shared` of qemu.c."""

    _fields_ = (
        ("flash", ctypes.c_uint64),
        ("flash_end", ctypes.c_uint64),
        ("ram", ctypes.c_uint64),
        ("ram_end", ctypes.c_uint64),
    )


_QUESTION = struct.Struct("=IIQQ")


class Qemu:
    """A machine of QEMU under way, from its start until `close`.

    Attributes:
        ledger, blocks: the accounts that the plugin keeps, shared with it.

    Args:
        core: its name in cores/*.toml, one of `MACHINES`.
        contents: what lies in memory at reset, by address.
        flash, ram: the ranges of addresses that need no answer: loads from both, stores to the latter.
        halfwords: of code, from the start of flash on.

    Raises:
        BadInput: QEMU is not installed, or does not start.
    """

    def __init__(self, core: str, contents: Mapping[int, bytes], flash: range, ram: range, halfwords: int) -> None:
        try:
            self._program = installed()
        except (LookupError, BadInput) as error:
            raise BadInput(f"this board is run by QEMU, but {error}; {REMEDY}") from None
        library = plugin(self._program.version)
        size = ctypes.sizeof(Ledger) + ctypes.sizeof(_Bounds) + halfwords * ctypes.sizeof(Block)
        self._begun = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        with contextlib.ExitStack() as files:  # without names: whatever ends Motes, nothing of them stays
            ledger, *images = (files.enter_context(tempfile.TemporaryFile()) for _ in range(1 + len(contents)))
            ledger.truncate(size)
            self._memory = mmap.mmap(ledger.fileno(), size)
            self.ledger = Ledger.from_buffer(self._memory)
            self.ledger.first, self.ledger.count, self.ledger.watched_return = flash.start, halfwords, NOT_AN_ADDRESS
            bounds = _Bounds.from_buffer(self._memory, ctypes.sizeof(Ledger))
            bounds.flash, bounds.flash_end, bounds.ram, bounds.ram_end = flash.start, flash.stop, ram.start, ram.stop
            kind = Block * halfwords
            self.blocks: ctypes.Array[Block] = kind.from_buffer(self._memory, size - ctypes.sizeof(kind))
            pairs = [socket.socketpair() for _ in range(3)]
            self._questions, self._test, self._monitor = (ours for ours, _ in pairs)
            asked, test, monitor = (theirs.fileno() for _, theirs in pairs)
            loaded = []
            for image, (address, data) in zip(images, contents.items(), strict=True):
                image.write(data)
                image.seek(0)
                loaded += ["-device", f"loader,file=/dev/fd/{image.fileno()},addr={address:#x},force-raw=on"]
            machine = MACHINES[core].name
            command = (
                *(self._program.path, "-machine", machine, "-nodefaults", "-display", "none", "-serial", "none"),
                *loaded,
                *("-plugin", f"{_escaped(library)},socket={asked},memory={ledger.fileno()},bytes={size}"),
                *("-chardev", f"socket,id=test,fd={test}", "-object", "qtest,id=qtest,chardev=test"),
                *("-chardev", f"socket,id=monitor,fd={monitor}", "-mon", "chardev=monitor,mode=control"),
            )
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                pass_fds=(asked, test, monitor, ledger.fileno(), *(image.fileno() for image in images)),
            )
            for ours, theirs in pairs:
                ours.settimeout(PATIENCE)
                theirs.close()
            self._lines = {s: s.makefile("rb") for s in (self._test, self._monitor)}
            self._line(self._monitor)  # its greeting
            self._command("qmp_capabilities")  # all files have been read
        self._begun = True

    def close(self) -> None:
        """End QEMU."""
        self._process.kill()
        self._process.wait()
        for reader in self._lines.values():
            reader.close()
        for channel in (self._questions, self._test, self._monitor):
            channel.close()
        self._errors.close()

    # -------------------------------------------------------------------------------------------- questions

    def question(self) -> Question:
        """What the plugin asks next, or that the core is idle.

        Raises:
            BoardFault: QEMU has ended.
        """
        data = b""
        while len(data) < _QUESTION.size:
            done = self.ledger.instructions
            try:
                more = self._questions.recv(_QUESTION.size - len(data))
            except TimeoutError:
                if self.ledger.instructions != done:  # a core may work for long without a question
                    continue
                more = b""
            except OSError:
                more = b""
            if not more:
                raise self._stopped()
            data += more
        kind, size, address, at = _QUESTION.unpack(data)
        return Question(Kind(kind), size, address, at)

    def answer(self) -> None:
        """Let the core go on."""
        self._send(self._questions, b"\0")

    # -------------------------------------------------------------------------------------------- memory, registers

    def read(self, address: int, size: int) -> bytes:
        """Bytes of memory, as the bus has them."""
        return base64.b64decode(self._tested(f"b64read {address:#x} {size:#x}")) if size else b""

    def write(self, address: int, data: bytes) -> None:
        """Write to memory."""
        if data:
            self._tested(f"b64write {address:#x} {len(data):#x} {base64.b64encode(data).decode()}")

    def fill(self, address: int, size: int, value: int) -> None:
        """Write one byte over and over."""
        self._tested(f"memset {address:#x} {size:#x} {value:#x}")

    def interrupt(self, irq: int) -> None:
        """A pulse on a line of the interrupt controller."""
        for level in (1, 0):
            self._tested(f"set_irq_in {INTERRUPTS} unnamed-gpio-in {irq} {level}")

    def registers(self) -> dict[str, int]:
        """The core's registers, by the names R00 to R15 and XPSR."""
        told = self._command("human-monitor-command", {"command-line": "info registers"})
        return {name: int(value, 16) for name, value in re.findall(r"(R\d\d|XPSR)=([0-9a-f]{8})", told)}

    def words(self, address: int, count: int) -> tuple[int, ...]:
        """Words as the core would read them, its own registers included."""
        told = self._command("human-monitor-command", {"command-line": f"x /{count}wx {address:#x}"})
        return tuple(int(word, 16) for word in re.findall(r"0x([0-9a-f]{8})\b", told))

    # -------------------------------------------------------------------------------------------- channels

    def _tested(self, command: str) -> str:
        self._send(self._test, command.encode() + b"\n")
        word, _, rest = self._line(self._test).decode().strip().partition(" ")
        if word != "OK":
            raise self._refused(command.partition(" ")[0], rest)
        return rest

    def _command(self, name: str, arguments: Mapping[str, Any] | None = None) -> Any:
        self._send(self._monitor, json.dumps({"execute": name, "arguments": arguments or {}}).encode() + b"\n")
        while "return" not in (told := json.loads(self._line(self._monitor))):
            if "event" not in told:
                raise self._refused(name, told.get("error", {}).get("desc", ""))
        return told["return"]

    def _send(self, channel: socket.socket, data: bytes) -> None:
        try:
            channel.sendall(data)
        except OSError:
            raise self._stopped() from None

    def _line(self, channel: socket.socket) -> bytes:
        try:
            line = self._lines[channel].readline()
        except OSError:
            line = b""
        if not line:
            raise self._stopped()
        return line

    def _refused(self, what: str, why: str) -> BoardFault:
        version = ".".join(map(str, self._program.version))
        return BoardFault(
            f"QEMU {version} refuses {what} ({why}); Motes was tried with 7.2 and 10.0: please report it, or use these"
        )

    def _stopped(self) -> BadInput | BoardFault:
        self._process.kill()
        status = self._process.wait()
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - MOST_COMPLAINTS))
        last = [line for line in self._errors.read().decode(errors="replace").splitlines() if "qemu" in line][-1:]
        how = f"(status {status}){''.join(f': {line}' for line in last)}"
        if not self._begun:
            return BadInput(f"QEMU {self._program} does not start {how}; Motes needs one with plugins: {REMEDY}")
        return BoardFault(
            f"QEMU stopped unexpectedly {how}; this is a fault of Motes or of QEMU: please report it with the image"
        )


def _escaped(path: Path) -> str:
    """A path among the options of QEMU, which commas part."""
    return str(path).replace(",", ",,")
