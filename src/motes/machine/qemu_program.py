"""The QEMU of this computer: whether it is there, which of its boards have which cores, and the plugin for it."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from motes.build import cache, toolchain
from motes.errors import BadInput
from motes.machine.native import SOURCE


class Machine(NamedTuple):
    """A board of QEMU."""

    name: str
    memory: tuple[range, ...]
    """Addresses of memory, for code, data and what a program reads from our peripherals."""


PROGRAM = "qemu-system-arm"
MACHINES = {
    "cortex-m55": Machine(
        "mps3-an547",
        (
            range(0x0000_0000, 0x0008_0000),
            range(0x0100_0000, 0x0120_0000),
            range(0x2000_0000, 0x2008_0000),
            range(0x2100_0000, 0x2140_0000),
        ),
    )
}
"""Boards of QEMU, by the names of their cores in cores/*.toml. Source: Arm's DAI 0547 (AN547), memory map."""
OLDEST = (7, 2)
NEWER_PLUGINS = (9, 0)
"""From here on QEMU refuses version 1 of the plugin interface: what changed is not used here."""
SPLITS_BLOCKS = (8, 2)
"""From here on a block may end behind an access to the core's own registers, and its rest begin another."""
PATIENCE = 60
"""Seconds in which QEMU answers, however slow the machine."""
SOURCES = (Path(__file__).with_name("qemu.c"), SOURCE)
REMEDY = (
    "use Linux, WSL or macOS, or choose another board: motes boards"
    if sys.platform == "win32"
    else "install it (Debian and Ubuntu: apt install qemu-system-arm; macOS: brew install qemu), "
    "or choose another board: motes boards"
)


class Installed(NamedTuple):
    """The QEMU of this computer."""

    path: str
    version: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.version[0]}.{self.version[1]} at {self.path}"


def installed() -> Installed:
    """The QEMU of this computer.

    Raises:
        LookupError: it is not on the path.
        BadInput: it cannot be used here, is too old, or says nothing.
    """
    if sys.platform == "win32":  # its processes take no sockets from Python
        raise BadInput(f"{PROGRAM} is not used on Windows")
    path = shutil.which(PROGRAM)
    if path is None:
        raise LookupError(f"{PROGRAM} is not on the path")
    found = re.search(r"version (\d+)\.(\d+)", _told(path))
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    if version < OLDEST:
        has = f"is version {version[0]}.{version[1]}" if found else "does not tell its version"
        raise BadInput(f"{path} {has}; {OLDEST[0]}.{OLDEST[1]} or newer is needed")
    return Installed(path, version)


@functools.cache
def _told(path: str) -> str:
    """What this program tells of its version."""
    command = (path, "--version")
    try:
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        why = error.strerror if isinstance(error, OSError) else f"it did not answer in {PATIENCE} s"
        raise BadInput(f"{path} does not start ({why})") from None


def plugin(version: tuple[int, int]) -> Path:
    """The plugin for this version of QEMU, compiled for this machine once and kept in the cache.

    Raises:
        BuildFailed: it does not compile.
        BadInput: the cache folder cannot be written.
    """
    compiler = toolchain.for_host()
    options = (
        f"-DQEMU_PLUGIN_VERSION={2 if version >= NEWER_PLUGINS else 1}",
        f"-DSPLITS_BLOCKS={version >= SPLITS_BLOCKS:d}",
        *(("-Wl,-undefined,dynamic_lookup",) if sys.platform == "darwin" else ()),  # QEMU has what is missing
    )
    texts = {path.name: path.read_bytes() for path in SOURCES}
    name = cache.digest("QEMU plugin", compiler.key, *options, *texts.values())
    path = cache.find(name)
    if path is None:
        with cache.workshop() as where:
            for file, text in texts.items():
                (where / file).write_bytes(text)
            compiler.link([SOURCES[0].name], "plugin.so", where, *options)
            path = cache.keep(name, (where / "plugin.so").read_bytes())
    return path
