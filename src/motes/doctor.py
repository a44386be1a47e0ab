"""What this machine has of the things Motes stands on: `motes doctor`."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from motes.build import cache
from motes.converting.sources import CONVERTERS, installed
from motes.errors import MotesError
from motes.machine import qemu_program
from motes.progress import Progress, silent

Status = Literal["good", "missing", "broken"]
PATIENCE = 60
"""Seconds after which a tool that does not answer is broken; zig unpacks itself at its first start."""


@dataclass(frozen=True)
class Finding:
    """One thing Motes stands on; `remedy` says what to do unless it is good."""

    name: str
    use: str
    required: bool
    status: Status
    detail: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "name": self.name,
            "use": self.use,
            "required": self.required,
            "status": self.status,
            "detail": self.detail,
            "remedy": self.remedy,
        }


@dataclass(frozen=True)
class Diagnosis:
    """All findings; it shows as a table in a terminal."""

    findings: tuple[Finding, ...]

    @property
    def healthy(self) -> bool:
        """Whether everything that is required is good."""
        return all(f.status == "good" for f in self.findings if f.required)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"healthy": self.healthy, "findings": [f.to_json() for f in self.findings]}

    def table(self) -> RenderableType:
        """One row a finding."""
        table = Table(box=None, pad_edge=False)
        for column in ("", "what", "found", "for"):
            table.add_column(column)
        for f in self.findings:
            good = f.status == "good"
            mark = Text("✓", style="green") if good else Text("✗", style="red" if f.required else "yellow")
            detail = f.detail if good else f"{f.detail}: {f.remedy}"
            table.add_row(mark, Text(f.name), Text(detail), Text(f.use if f.required else f"{f.use} (optional)"))
        return table

    def __rich__(self) -> RenderableType:
        return self.table()


@dataclass(frozen=True)
class _Probe:
    name: str
    use: str
    required: bool
    look: Callable[[], str]
    """Returns what is there; raises LookupError where it is not, and anything else where it does not work."""
    remedy: str


def doctor(progress: Progress = silent) -> Diagnosis:
    """Look at everything once; nothing is installed or changed."""
    findings = []
    probes = _probes()
    for i, probe in enumerate(probes):
        progress(f"looking at {probe.name}", i / len(probes))
        findings.append(_examine(probe))
    return Diagnosis(tuple(findings))


def _examine(probe: _Probe) -> Finding:
    try:
        return Finding(probe.name, probe.use, probe.required, "good", probe.look())
    except LookupError as error:
        return Finding(probe.name, probe.use, probe.required, "missing", str(error.args[0]), probe.remedy)
    except (OSError, subprocess.SubprocessError, ImportError, MotesError, ValueError) as error:
        detail = " ".join(str(error).split()) or type(error).__name__
        return Finding(probe.name, probe.use, probe.required, "broken", detail, probe.remedy)


def _probes() -> list[_Probe]:
    again = "install Motes again: python -m pip install --force-reinstall motes"
    return [
        _Probe("python", "everything", True, _python, "install Python 3.11 or newer"),
        _Probe("ziglang", "the compiler", True, _zig, again),
        _Probe("unicorn", "the virtual board", True, _emulator, again),
        _Probe("capstone", "costs of instructions", True, _package("capstone", "capstone"), again),
        _Probe("cache", "what was built before", True, _cache, "set MOTES_CACHE to a folder you can write"),
        _Probe(qemu_program.PROGRAM, "boards whose core Unicorn lacks: virt-m55", False, _qemu, qemu_program.REMEDY),
        _Probe("arm-none-eabi-gcc", "--toolchain gcc", False, _gcc, "install your system's gcc-arm-none-eabi"),
        *(
            _Probe(package, "motes verify", False, _package(module, package), "pip install 'motes[verify]'")
            for module, package in (("tflite_micro", "tflite-micro"), ("ai_edge_litert", "ai-edge-litert"))
        ),
        *(
            _Probe(name, f"motes convert, of {what}", False, _converter(module), f"pip install 'motes[{extra}]'")
            for what, (name, module, extra) in zip(("Keras", "ONNX", "PyTorch"), CONVERTERS.values(), strict=True)
        ),
    ]


def _python() -> str:
    return f"{'.'.join(map(str, sys.version_info[:3]))} at {sys.executable}"


def _package(module: str, package: str) -> Callable[[], str]:
    def look() -> str:
        if importlib.util.find_spec(module) is None:
            raise LookupError("not installed")
        importlib.import_module(module)
        return importlib.metadata.version(package)

    return look


def _converter(module: str) -> Callable[[], str]:
    """Its version; not imported, for that takes long and may end the process."""

    def look() -> str:
        if not installed(module):
            raise LookupError("not installed")
        packages = importlib.metadata.packages_distributions().get(module, [])
        return importlib.metadata.version(packages[0]) if packages else "installed"

    return look


def _zig() -> str:
    if importlib.util.find_spec("ziglang") is None:
        raise LookupError("not installed")
    return _answer(sys.executable, "-m", "ziglang", "version")


def _gcc() -> str:
    path = shutil.which("arm-none-eabi-gcc")
    if path is None:
        raise LookupError("not on the PATH")
    return f"{_answer(path, '-dumpversion')} at {path}"


def _answer(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    return done.stdout.strip()


def _emulator() -> str:
    """The emulator lives in a process of its own, so that is how it is tried: two instructions of Thumb."""
    if importlib.util.find_spec("unicorn") is None:
        raise LookupError("not installed")
    trial = (
        "import unicorn as u\n"
        "m = u.Uc(u.UC_ARCH_ARM, u.UC_MODE_THUMB | u.UC_MODE_MCLASS)\n"
        "m.mem_map(0, 4096)\n"
        "m.mem_write(0, bytes.fromhex('0c200530'))\n"  # movs r0, #12; adds r0, #5
        "m.emu_start(1, 4)\n"
        "assert m.reg_read(66) == 17\n"  # UC_ARM_REG_R0
    )
    subprocess.run([sys.executable, "-c", trial], capture_output=True, text=True, timeout=PATIENCE, check=True)
    return importlib.metadata.version("unicorn")


def _qemu() -> str:
    return str(qemu_program.installed())


def _cache() -> str:
    cache.keep(cache.digest("motes doctor"), b"motes doctor")
    return str(cache.folder())
