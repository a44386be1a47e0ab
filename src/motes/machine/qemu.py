"""QEMU as a process: where it is, how it is started, and the three channels through which it is steered.

- *Questions*: the plugin `qemu.c` asks through a socket, and the core waits for the answer; the ledger lies in memory
  that both share.
- *Memory and interrupts*: QEMU's test protocol (`-qtest`), which works beside execution.
- *Registers*: QEMU's monitor protocol (`-qmp`).

QEMU is under GPL-2.0; Motes starts the one that is installed. Tried with 7.2.
"""

from __future__ import annotations

import base64
import ctypes
import functools
import json
import mmap
import re
import shutil
import socket
import struct
import subprocess
import tempfile
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

from motes.build import cache, toolchain
from motes.errors import BadInput, BoardFault
from motes.machine.native import NOT_AN_ADDRESS, SOURCE, Block, Ledger

PROGRAM = "qemu-system-arm"
MACHINES = {"cortex-m55": "mps3-an547"}
"""Boards of QEMU, by the names of their cores in cores/*.toml."""
OLDEST = (7, 2)
INTERRUPTS = "/machine/iotkit/cluster0/armv7m0"
"""The interrupt controller of these boards."""
PATIENCE = 60
"""Seconds in which QEMU answers, however slow the machine."""
PLUGIN = Path(__file__).with_name("qemu.c")
REMEDY = (
    "install it (Debian and Ubuntu: apt install qemu-system-arm; macOS: brew install qemu), "
    "or choose another board: motes boards"
)


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


def version() -> str:
    """Version and place of the QEMU that is installed.

    Raises:
        LookupError: it is not on the path.
        BadInput: it is too old, or says nothing.
    """
    path = shutil.which(PROGRAM)
    if path is None:
        raise LookupError(f"{PROGRAM} is not on the path")
    found = re.search(r"version (\d+)\.(\d+)", _told(path))
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        has = f"is version {found[1]}.{found[2]}" if found else "does not tell its version"
        raise BadInput(f"{path} {has}; {OLDEST[0]}.{OLDEST[1]} or newer is needed: {REMEDY}")
    return f"{found[1]}.{found[2]} at {path}"


@functools.cache
def _told(path: str) -> str:
    """What this program tells of its version."""
    return subprocess.run((path, "--version"), capture_output=True, text=True, timeout=PATIENCE, check=False).stdout


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
        BadInput: QEMU is not installed.
        BoardFault: it does not start.
    """

    def __init__(self, core: str, contents: Mapping[int, bytes], flash: range, ram: range, halfwords: int) -> None:
        try:
            path = version().partition(" at ")[2]
        except LookupError as error:
            raise BadInput(f"this board is run by QEMU, but {error}; {REMEDY}") from None
        size = ctypes.sizeof(Ledger) + ctypes.sizeof(_Bounds) + halfwords * ctypes.sizeof(Block)
        self._folder = tempfile.TemporaryDirectory(prefix="motes-qemu-")
        where = Path(self._folder.name)
        with open(where / "ledger", "w+b") as ledger:
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
            self._errors = open(where / "errors", "w+b")  # noqa: SIM115
            loaded = []
            for address, data in contents.items():
                (where / f"{address:x}.bin").write_bytes(data)
                loaded += ["-device", f"loader,file={where / f'{address:x}.bin'},addr={address:#x},force-raw=on"]
            command = (
                *(path, "-machine", MACHINES[core], "-nodefaults", "-display", "none", "-serial", "none", *loaded),
                *("-plugin", f"{_plugin()},socket={asked},memory={ledger.fileno()},bytes={size}"),
                *("-chardev", f"socket,id=test,fd={test}", "-object", "qtest,id=qtest,chardev=test"),
                *("-chardev", f"socket,id=monitor,fd={monitor}", "-mon", "chardev=monitor,mode=control"),
            )
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._errors,
                stderr=self._errors,
                pass_fds=(asked, test, monitor, ledger.fileno()),
            )
        for ours, theirs in pairs:
            ours.settimeout(PATIENCE)
            theirs.close()
        self._lines = {s: s.makefile("rb") for s in (self._test, self._monitor)}
        self._line(self._monitor)  # its greeting
        self._command("qmp_capabilities")

    def close(self) -> None:
        """End QEMU."""
        self._process.kill()
        self._process.wait()
        for reader in self._lines.values():
            reader.close()
        for channel in (self._questions, self._test, self._monitor):
            channel.close()
        self._errors.close()
        self._folder.cleanup()

    # -------------------------------------------------------------------------------------------- questions

    def question(self) -> Question:
        """What the plugin asks next, or that the core is idle.

        Raises:
            BoardFault: QEMU has ended.
        """
        self._questions.settimeout(None)  # a core may work for long without a question
        data = b""
        while len(data) < _QUESTION.size:
            more = self._questions.recv(_QUESTION.size - len(data))
            if not more:
                raise self._stopped()
            data += more
        kind, size, address, at = _QUESTION.unpack(data)
        return Question(Kind(kind), size, address, at)

    def answer(self) -> None:
        """Let the core go on."""
        self._questions.sendall(b"\0")

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
        self._test.sendall(command.encode() + b"\n")
        word, _, rest = self._line(self._test).decode().strip().partition(" ")
        assert word == "OK", (command, word, rest)
        return rest

    def _command(self, name: str, arguments: Mapping[str, Any] | None = None) -> Any:
        self._monitor.sendall(json.dumps({"execute": name, "arguments": arguments or {}}).encode() + b"\n")
        while "return" not in (told := json.loads(self._line(self._monitor))):
            assert "event" in told, told
        return told["return"]

    def _line(self, channel: socket.socket) -> bytes:
        try:
            line = self._lines[channel].readline()
        except TimeoutError:
            line = b""
        if not line:
            raise self._stopped()
        return line

    def _stopped(self) -> BoardFault:
        self._process.kill()
        status = self._process.wait()
        self._errors.seek(0)
        last = [line for line in self._errors.read().decode(errors="replace").splitlines() if "qemu" in line][-1:]
        return BoardFault(
            f"QEMU stopped unexpectedly (status {status}){''.join(f': {line}' for line in last)}; "
            "this is a fault of Motes or of QEMU: please report it with the image"
        )


def _plugin() -> Path:
    """The plugin, compiled for this machine once and kept in the cache.

    Raises:
        BuildFailed: it does not compile.
        BadInput: the cache folder cannot be written.
    """
    compiler = toolchain.for_host()
    major = int(version().partition(".")[0])
    interface = 1 if major < 9 else 2  # of plugins: QEMU 9 dropped the first, for functions that are not used here
    texts = {path.name: path.read_bytes() for path in (PLUGIN, SOURCE)}
    name = cache.digest("QEMU plugin", compiler.key, str(interface), *texts.values())
    path = cache.find(name)
    if path is None:
        with cache.workshop() as where:
            for file, text in texts.items():
                (where / file).write_bytes(text)
            compiler.link([PLUGIN.name], "plugin.so", where, f"-DQEMU_PLUGIN_VERSION={interface}")
            path = cache.keep(name, (where / "plugin.so").read_bytes())
    return path
