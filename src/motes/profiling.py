"""`motes profile`: one inference of a model on a board, or steps of its streaming form: cycles and memory by layer."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from motes import bounded
from motes.build.files import write_files
from motes.build.image import deliver
from motes.emit import prefix_for
from motes.errors import BadInput, DoesNotFit
from motes.ir import Array, Graph, Tensor
from motes.machine import Measurement
from motes.names import printable
from motes.passes import prepare
from motes.passes.channels.left import Left, layers_left
from motes.passes.streaming import Streamed
from motes.plan import Life
from motes.progress import Progress, silent
from motes.proving import Layer, Proved, compile_program, layers_of, lcg, self_check, zeros
from motes.report import milliseconds, profile_page
from motes.stepping import Stepped, step_through, streaming_form
from motes.target import board as find_board
from motes.tflite import load
from motes.tuning import Cost, Goal, choices, tuned, unbeaten

MAX_NPY_BYTES = 64 << 20


@dataclass(frozen=True)
class Output:
    """One output of the model, as the image left it in RAM."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    sha256: str


@dataclass(frozen=True)
class Profile:
    """One inference, measured; of a streaming form the step that took most. Sizes in bytes."""

    model: str
    board: str
    toolchain: str
    clock_hz: int
    instructions: int
    cycles: int
    macs: int
    ram: dict[str, int]
    flash: dict[str, int]
    stack_high_water: int
    layers: tuple[Layer, ...]
    outputs: tuple[Output, ...]
    image: Path
    lives: tuple[Life, ...]
    arena_bound: int
    caveat: str
    """How near to silicon the cycles are."""
    file_macs: int
    """Multiply-accumulates of the file, with those that make no difference."""
    left: tuple[Left, ...]
    """The layers that lost channels."""
    stream: Stepped | None = None
    pareto: tuple[Cost, ...] = ()
    """What the choices of kernels cost that no other beats, where that was asked for; the fastest first."""

    @property
    def ms(self) -> float:
        """Of one inference, in milliseconds."""
        return self.cycles / self.clock_hz * 1000

    def __repr__(self) -> str:
        took = f"{self.cycles:,} cycles, {milliseconds(self.ms)}"
        sizes = f"{self.flash['total']:,} bytes of flash, {self.ram['total']:,} bytes of RAM"
        return f"Profile({self.model!r} on {self.board}: {took}, {sizes})"

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "model": self.model,
            "board": self.board,
            "toolchain": self.toolchain,
            "clock_hz": self.clock_hz,
            "instructions": self.instructions,
            "cycles": self.cycles,
            "ms": round(self.ms, 6),
            "macs": self.macs,
            "file_macs": self.file_macs,
            "channels_left": [vars(layer) for layer in self.left],
            "caveat": self.caveat,
            "cycles_per_mac": round(self.cycles / self.macs, 4) if self.macs else None,
            "ram": self.ram,
            "flash": self.flash,
            "stack_high_water": self.stack_high_water,
            "arena_bound": self.arena_bound,
            "layers": [vars(layer) for layer in self.layers],
            "outputs": [{**vars(o), "shape": list(o.shape)} for o in self.outputs],
            "image": str(self.image),
            **({} if self.stream is None else {"stream": self.stream.to_json()}),
            **({"pareto": [vars(cost) for cost in self.pareto]} if self.pareto else {}),
        }

    def table(self) -> RenderableType:
        """For a terminal."""
        head: RenderableType = Text.assemble(
            (self.model, "bold"),
            f" on {self.board}: {self.cycles:,} cycles, {milliseconds(self.ms)} at "
            f"{self.clock_hz / 1e6:g} MHz, {self.macs:,} MACs",
            f" ({self.cycles / self.macs:.2f} cycles each)" if self.macs else "",
        )
        layers = Table(box=None, header_style="bold")
        for title in ("layer", "operator", "kernel"):
            layers.add_column(title)
        for title in ("MACs", "cycles", "share", "cycles/MAC"):
            layers.add_column(title, justify="right")
        for layer in self.layers:
            layers.add_row(
                layer.name,
                layer.op,
                layer.kernel,
                f"{layer.macs:,}",
                f"{layer.cycles:,}",
                f"{layer.cycles / max(1, self.cycles):.1%}",
                f"{layer.cycles / layer.macs:.2f}" if layer.macs else "",
            )
        sizes = Table(box=None, show_header=False)
        for what, parts in (("RAM", self.ram), ("flash", self.flash)):
            split = ", ".join(f"{name} {size:,}" for name, size in parts.items() if name != "total")
            sizes.add_row(Text(what, "bold"), f"{parts['total']:,} bytes", split)
        outputs = [Text(f"{printable(o.name)} {o.dtype}{list(o.shape)} sha256 {o.sha256}") for o in self.outputs]
        dead = f"{self.file_macs - self.macs:,} of {self.file_macs:,} MACs in the file make no difference: "
        dead += f"{len(self.left)} layer{' has' if len(self.left) == 1 else 's have'} fewer channels"
        head = Group(head, Text(dead, "dim")) if self.left else head
        caveat = Text(self.caveat, "dim")
        below: tuple[RenderableType, ...] = (
            Text(),
            layers,
            Text(),
            sizes,
            Text(),
            *outputs,
            *self._choices(),
            Text(str(self.image), "dim"),
        )
        return Group(head, *self._steps(), caveat, *below)

    def _choices(self) -> list[RenderableType]:
        """What other choices of kernels cost."""
        if not self.pareto:
            return []
        rows = Table("cycles", "flash, bytes", "RAM, bytes", "", title="choices of kernels", box=None)
        mine = Cost(self.cycles, self.flash["total"], self.ram["total"])
        for cost in self.pareto:
            mark = "this one" if cost == mine else ""
            rows.add_row(f"{cost.cycles:,}", f"{cost.flash:,}", f"{cost.ram:,}", mark)
        return [Text(), rows, Text()]

    def _steps(self) -> list[RenderableType]:
        """What there is to say of a streaming form."""
        if self.stream is None:
            return []
        found, form = self.stream.to_json(), self.stream.streamed
        spent = found["cycles_per_step"]
        return [
            Text(str(form)),
            Text(
                f"{found['steps']} steps, {form.warmup} of them before the first full window; cycles a step: mean "
                f"{spent['mean']:,}, most {spent['max']:,}; outputs equal those of whole windows"
            ),
        ]

    def save(self, path: str | Path | None = None) -> Path:
        """Write the report as one self-contained HTML page; None: report.html beside the image.

        Raises:
            BadInput: the file cannot be written.
        """
        to = self.image.parent / "report.html" if path is None else Path(path)
        write_files({to: profile_page(self.to_json(), self.lives).encode("utf-8", "replace")})
        return to

    def _repr_html_(self) -> str:
        """For a notebook."""
        return profile_page(self.to_json(), self.lives, whole=False)


def profile(
    model: str | Path,
    board: str = "virt-m4",
    input: str | None = None,
    toolchain: str = "zig",
    out: str | Path | None = None,
    progress: Progress = silent,
    *,
    step: int | None = None,
    optimize: str = "balanced",
    flash: int | None = None,
    ram: int | None = None,
    pareto: bool = False,
) -> Profile:
    """Build a model's profile image, prove it against the portable code, and measure one inference.

    Args:
        model: a .tflite file.
        input: "zeros", "lcg" (the generator that `proving.lcg` describes), or an .npy file of the input's dtype and
            shape; None: zeros, or the frames of a streaming form.
        out: the folder for the image, the C sources and report.json; None: below the user's cache.
        step: profile the streaming form instead, which takes so many new rows a step, over three windows of `lcg`.
        optimize: "speed", "size" or "balanced": how cycles and memory are weighed, see `motes.tuning.WEIGHTS`.
        flash, ram: bytes that the image may take; None: what the board has.
        pareto: also measure the other choices of kernels, and list those that no other beats.

    Raises:
        BadInput, Unsupported, DoesNotFit, BuildFailed, BoardFault: the message says what to do.
    """
    target = find_board(board)
    if target.chip is None:
        raise BadInput(f"{board} has no clock to count; profile on one of the virtual boards, such as virt-m4")
    progress("reading the model", None)
    graph = load(Path(model))
    streamed = None
    if step is not None:
        if input not in (None, "lcg"):
            raise BadInput(f"input {input!r}: a streaming form is run on frames from lcg; leave the input out")
        streamed = streaming_form(graph, step)
        graph = streamed.graph
    inputs = _inputs(input or "zeros", graph.inputs)
    progress("compiling", None)
    prefix = prefix_for(graph.name)
    goal = Goal(optimize, flash, ram)
    try:
        program = tuned(prepare(graph), target, goal, toolchain)
        proved = compile_program(program, target, prefix, inputs=inputs, toolchain=toolchain, name=prefix)
        goal.check(graph.name, proved.image)
    except DoesNotFit as error:
        if streamed is None:
            raise
        raise DoesNotFit(f"{error}; or run it without streaming") from error
    folder = proved.image.elf.parent if out is None else Path(out)
    progress("comparing with the portable code", None)
    self_check(proved, toolchain)
    progress("measuring", None)
    stepped, measured = _run(proved, streamed)
    found = _profile(proved, measured, graph, stepped, board, toolchain, folder)
    if pareto:
        progress("weighing kernels", None)
        others = choices(prepare(graph), target, toolchain)
        costs = [_cost(proved, measured)]
        for i, other in enumerate(others):
            progress("measuring choices of kernels", i / len(others))
            with contextlib.suppress(DoesNotFit):  # by a few bytes, once it is linked
                built = compile_program(other, target, prefix, inputs=inputs, toolchain=toolchain, name=prefix)
                costs.append(_cost(built, _run(built, streamed)[1]))
        found = dataclasses.replace(found, pareto=unbeaten(costs))
    sources = {f"src/{name}": text.encode() for name, text in proved.sources.items()}
    report = {**found.to_json(), "image": found.image.name}  # equal in any folder
    deliver(proved.image, folder, {**sources, "report.json": json.dumps(report, indent=2).encode() + b"\n"})
    return found


def _run(proved: Proved, streamed: Streamed | None) -> tuple[Stepped | None, Measurement]:
    """One inference, or of a streaming form all steps, and the one that took most."""
    if streamed is None:
        return None, proved.measure()
    stepped, run = step_through(streamed, proved)
    return stepped, run[stepped.dearest]


def _cost(proved: Proved, measured: Measurement) -> Cost:
    return Cost(measured.cycles, proved.image.flash.total, proved.image.ram.total)


def _profile(
    proved: Proved,
    measured: Measurement,
    file: Graph,
    stepped: Stepped | None,
    board: str,
    toolchain: str,
    folder: Path,
) -> Profile:
    graph, image, plan = proved.program.graph, proved.image, proved.plan
    assert proved.board.chip is not None
    data = [measured.symbols[f"motes_output_{i}"] for i in range(len(graph.outputs))]
    outputs = tuple(
        Output(t.origin or t.name, t.dtype.value, t.shape, hashlib.sha256(d).hexdigest())
        for t, d in zip(graph.outputs, data, strict=True)
    )
    ram = {
        "arena": plan.arena,
        "state": plan.kept_size,
        "static": image.ram.data - plan.arena - plan.kept_size,
        "stack": image.ram.stack,
        "total": image.ram.total,
    }
    return Profile(
        graph.name,
        board,
        toolchain,
        proved.board.chip.clock_hz,
        measured.instructions,
        measured.cycles,
        graph.macs,
        ram,
        vars(image.flash).copy(),
        measured.stack_high_water,
        layers_of(proved, measured),
        outputs,
        (folder / image.elf.name).absolute(),
        plan.lives,
        plan.bound,
        proved.board.core.caveat,
        file.macs,
        layers_left(file, graph),
        stepped,
    )


def _inputs(given: str, tensors: tuple[Tensor, ...]) -> tuple[Array, ...]:
    if given == "zeros":
        return zeros(tensors)
    if given == "lcg":
        return lcg(tensors)
    path = Path(given)
    if path.suffix != ".npy":
        raise BadInput(f"input {given!r}: give zeros, lcg, or an .npy file")
    (array,) = bounded.arrays(path, MAX_NPY_BYTES)
    if len(tensors) != 1:
        raise BadInput(f"{path}: is one array, but the model has {len(tensors)} inputs; use zeros or lcg")
    (wanted,) = tensors
    if str(array.dtype) != wanted.dtype.value or array.shape != wanted.shape:
        raise BadInput(
            f"{path}: holds {array.dtype}{list(array.shape)}, but the model's input is {wanted.dtype.value}"
            f"{list(wanted.shape)}; convert it"
        )
    return (np.ascontiguousarray(array),)
