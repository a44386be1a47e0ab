"""A model for this machine: its C, compiled and run once; there is no image, and no clock to count by."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from motes.build import cache, host
from motes.build.files import write_files
from motes.build.sizes import check_budgets, check_programs
from motes.build.toolchain import check_host
from motes.choose import choose
from motes.emit import emit_model, prefix_for
from motes.names import printable
from motes.passes import prepare
from motes.plan import plan
from motes.progress import Progress, silent
from motes.proving import zeros
from motes.target import board as find_board
from motes.tflite import load
from motes.tuning import BALANCED, Goal


@dataclass(frozen=True)
class Exported:
    """The portable C of a model, in `folder`/src. `outputs` are those of an input of zeros; sizes in bytes."""

    model: str
    macs: int
    arena: int
    state: int
    outputs: tuple[dict[str, Any], ...]
    folder: Path

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; what only a chip has is null."""
        return {
            "model": self.model,
            "board": "host",
            "macs": self.macs,
            "cycles": None,
            "ram": {"arena": self.arena, "state": self.state},
            "flash": None,
            "outputs": list(self.outputs),
            "image": None,
            "folder": str(self.folder),
        }

    def table(self) -> RenderableType:
        """For a terminal."""
        head = Text.assemble((self.model, "bold"), f" for host: {self.macs:,} MACs, an arena of {self.arena:,} bytes")
        outputs = [Text(f"{printable(o['name'])} {o['dtype']}{o['shape']} sha256 {o['sha256']}") for o in self.outputs]
        return Group(head, *outputs, Text(str(self.folder / "src"), "dim"))

    def save(self) -> Path:
        """Write report.json beside the C; there `folder` is where it lies itself.

        Raises:
            BadInput: the folder cannot be written.
        """
        path = self.folder / "report.json"
        write_files({path: json.dumps({**self.to_json(), "folder": "."}, indent=2).encode() + b"\n"})
        return path


def export(
    model: str | Path,
    out: str | Path | None = None,
    progress: Progress = silent,
    goal: Goal = BALANCED,
    toolchain: str = "zig",
) -> Exported:
    """Write a model's portable C, compile it for this machine, and run it once on zeros.

    Args:
        model: a .tflite file.
        out: the folder for the C and report.json; None: below the user's cache.
        goal: it changes nothing here, where nothing is measured; budgets are refused.
        toolchain: others than "zig" are refused.

    Raises:
        BadInput, Unsupported, DoesNotFit, BuildFailed: the message says what to do.
    """
    here = find_board("host")
    check_budgets(here, flash=goal.flash, ram=goal.ram)
    check_host(toolchain)
    progress("reading the model", None)
    graph = prepare(load(Path(model)))
    program = choose(graph)
    where = plan(program)
    check_programs(graph.name, [program], where, {}, here)
    sources = emit_model(program, where, prefix_for(graph.name))
    key = cache.digest("export", json.dumps(sources, sort_keys=True))[:20]
    folder = Path(out) if out is not None else cache.folder() / "exports" / key
    progress("compiling", None)
    (compiled,) = host.load([graph])
    made = compiled(*zeros(graph.inputs))
    outputs = tuple(
        {
            "name": t.origin or t.name,
            "dtype": t.dtype.value,
            "shape": list(t.shape),
            "sha256": hashlib.sha256(y.tobytes()).hexdigest(),
        }
        for t, y in zip(graph.outputs, made, strict=True)
    )
    write_files({folder / "src" / name: text.encode() for name, text in sources.items()})
    return Exported(graph.name, graph.macs, where.arena, where.kept_size, outputs, folder.absolute())
