"""The compilers: zig from pip, the default, and arm-none-eabi-gcc where it is installed."""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from motes.build import cache
from motes.errors import BadInput, BuildFailed
from motes.target import Core

NAMES = ("zig", "gcc")

LANGUAGE = (
    "-std=c11",
    "-ffreestanding",
    "-ffp-contract=off",  # a*b + c rounds twice everywhere, so that all targets agree
    "-fno-math-errno",
    "-fno-strict-aliasing",  # an arena holds many types at one address, one after the other
    "-funsigned-char",  # as on Arm, on every host too
    "-fomit-frame-pointer",
    "-Wall",
    "-Wextra",
    "-Werror",
)
SECTIONS = ("-ffunction-sections", "-fdata-sections", "-fno-unwind-tables", "-fno-asynchronous-unwind-tables")
IMAGE = (
    "-nostdlib",
    "-Wl,--gc-sections",
    "-Wl,-z,max-page-size=8",  # with larger pages linkers store the ELF header in flash, before the code
    "-Wl,--print-map",
)
UNDEFINED = (
    "-fsanitize=undefined,float-cast-overflow",
    "-fno-sanitize=function",
    "-fno-sanitize-trap=all",
    "-fsanitize-recover=all",
)
LONGEST_RUN = 600
"""Seconds after which a compiler is taken to hang."""
SHOWN_LINES = 12
"""Lines of a compiler's complaint that an error message repeats."""


@dataclass(frozen=True)
class Compiler:
    """A compiler with the flags that decide what it makes: equal ones make equal objects of equal sources."""

    name: str
    command: tuple[str, ...]
    version: str
    flags: tuple[str, ...]
    linking: tuple[str, ...]
    """Flags added when it links."""
    library: tuple[str, ...] = ()
    """Those of its run-time library, for objects that call it: zig takes seconds to make that before its first use."""

    @property
    def key(self) -> str:
        """Its part in the names of cached things: its version and flags, not where it is installed."""
        return cache.digest(self.name, self.version, *self.flags, "", *self.linking, *self.library)

    def compile(self, unit: str, where: Path, options: Sequence[str] = ()) -> bytes:
        """The object file of `unit`, a file in the folder `where` that holds all it includes.

        Raises:
            BuildFailed: the compiler refused it.
        """
        made = f"{unit}.o"
        mapped = f"-ffile-prefix-map={where}=."  # no folder of this machine in the object
        self.run((*self.flags, *options, mapped, "-c", unit, "-o", made), where, unit)
        return (where / made).read_bytes()

    def link(self, objects: Sequence[str], made: str, where: Path, *options: str, library: bool = False) -> str:
        """Link objects, names in the folder `where`, into the file `made` there; what the linker printed.

        Args:
            library: with the run-time library, too.

        Raises:
            BuildFailed: the linker refused them.
        """
        linking = (*self.linking, *(self.library if library else ()))
        return self.run((*self.flags, *options, *objects, *linking, "-o", made), where, made)

    def run(self, arguments: Sequence[str], where: Path, what: str) -> str:
        """Start it once, in the folder `where`; what it printed.

        Raises:
            BuildFailed: it did not end well; `what` is named first.
        """
        try:
            done = subprocess.run(
                (*self.command, *arguments),
                cwd=where,
                env=_environment(where),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=LONGEST_RUN,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BuildFailed(f"{what}: {self.name} {self.version} did not finish in {LONGEST_RUN} s") from None
        except OSError as error:
            raise BuildFailed(f"{what}: {self.command[0]} does not start ({error.strerror})") from error
        if done.returncode:
            raise BuildFailed(
                f"{what}: {self.name} {self.version} refused it (status {done.returncode})\n"
                f"{complaint(done.stderr or done.stdout)}"
            )
        return done.stdout


def complaint(text: str) -> str:
    """The lines of a compiler's output that say what is wrong, indented, at most `SHOWN_LINES`."""
    lines = [line for line in text.splitlines() if line.strip()]
    first = next((i for i, line in enumerate(lines) if "error" in line), 0)
    shown = lines[first : first + SHOWN_LINES]
    more = len(lines) - first - len(shown)
    return "\n".join(f"  {line}" for line in shown) + (f"\n  ({more} more lines)" if more > 0 else "")


def for_core(core: Core, name: str = "zig") -> Compiler:
    """The compiler `name`, "zig" or "gcc", for images on this core.

    Raises:
        BadInput: it is unknown or not installed; the message says how to install it.
    """
    debug = "-g"  # function and line of a fault; it changes no loaded byte
    # Kernels unroll by hand where it pays; left to itself, clang adds 2 KB to an image for 1% of its cycles.
    common = ("-O2", "-fno-unroll-loops", *LANGUAGE, *SECTIONS, *core.flags, debug)
    if name == "zig":
        flags = ("-target", core.zig_target, f"-mcpu={core.mcpu}", "-fno-sanitize=all", *common)
        return Compiler("zig", _zig(), _zig_version(), flags, IMAGE, ("-lcompiler_rt",))
    if name == "gcc":
        if not core.gcc_flags:
            raise BadInput(f"toolchain gcc: arm-none-eabi-gcc makes no code for {core.name}; leave out --toolchain gcc")
        command, version = _gcc()
        apart = "-fno-ipa-icf"  # functions that are alike stay two: layers and stages are told apart by address
        return Compiler("gcc", command, version, (*core.gcc_flags, apart, *common), IMAGE, ("-lgcc",))
    raise BadInput(_unknown(name))


def _unknown(name: str) -> str:
    return f"unknown toolchain {name!r}; known are {' and '.join(NAMES)}"


def for_host(*, optimise: str = "-O2", sanitize: bool = False) -> Compiler:
    """Zig for libraries that this machine loads: baseline instructions only, so that floats round as on the chip.

    Args:
        optimise: "-O2", or "-O1" where compiling takes longer than running.
        sanitize: report undefined behaviour to the handlers in `c/undefined.c`.
    """
    checks = UNDEFINED if sanitize else ("-fno-sanitize=all",)
    flags = ("-target", host_target(), "-mcpu=baseline", optimise, *LANGUAGE, "-fPIC", "-g0", *checks)
    entry = ("-Wl,--no-entry",) if sys.platform == "win32" else ()
    return Compiler("zig", _zig(), _zig_version(), flags, ("-shared", "-nostdlib", *entry))


def check_host(name: str) -> None:
    """Whether the compiler `name` makes programs for this machine.

    Raises:
        BadInput: it does not, or is unknown.
    """
    if name not in NAMES:
        raise BadInput(_unknown(name))
    if name != "zig":
        raise BadInput(f"toolchain {name}: host is compiled by zig alone; leave out --toolchain {name}")


def host_target() -> str:
    """Zig's name of this machine.

    Raises:
        BadInput: Motes does not know it.
    """
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    system = {"linux": "linux-gnu", "darwin": "macos", "win32": "windows-gnu"}.get(sys.platform)
    if machine not in ("x86_64", "aarch64") or system is None:
        raise BadInput(
            f"this machine ({machine}, {sys.platform}) cannot run generated C; "
            "use Linux, macOS or Windows on x86-64 or 64-bit Arm"
        )
    return f"{machine}-{system}"


@functools.cache
def _zig() -> tuple[str, ...]:
    found = importlib.util.find_spec("ziglang")
    folders = list(found.submodule_search_locations or ()) if found else []
    for folder in folders:
        binary = Path(folder) / ("zig.exe" if sys.platform == "win32" else "zig")
        if binary.is_file():
            return (str(binary), "cc")
    raise BadInput("the compiler is not installed; run: python -m pip install ziglang==0.17.1")


@functools.cache
def _zig_version() -> str:
    return importlib.metadata.version("ziglang")


@functools.cache
def _gcc() -> tuple[tuple[str, ...], str]:
    binary = shutil.which("arm-none-eabi-gcc")
    if binary is None:
        raise BadInput(
            "toolchain gcc: arm-none-eabi-gcc is not on the path; install it (Debian and Ubuntu: apt install "
            "gcc-arm-none-eabi; macOS: brew install --cask gcc-arm-embedded), or leave out --toolchain gcc"
        )
    told = subprocess.run((binary, "--version"), capture_output=True, text=True, check=False).stdout
    return (binary,), next(iter(told.splitlines()), "unknown version")


def _environment(where: Path) -> dict[str, str]:
    """The environment without what would change the result; what zig keeps of a compilation goes with its folder."""
    kept = {k: v for k, v in os.environ.items() if k not in ("CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "CFLAGS")}
    zig = {"ZIG_GLOBAL_CACHE_DIR": str(cache.folder() / "zig"), "ZIG_LOCAL_CACHE_DIR": str(where / ".zig")}
    return {**kept, **zig, "LC_ALL": "C"}
