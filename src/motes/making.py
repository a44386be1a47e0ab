"""From an application to an image: stages measured and proved, the schedule, the plan, the C, the link."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from motes.application import Application, Ring, Stage, streaming
from motes.build import cache
from motes.build.image import Image, deliver, link
from motes.build.sizes import check_budgets, check_programs
from motes.build.toolchain import check_host
from motes.emit import emit_application, emit_application_main
from motes.emit.application import queue_bytes, ring_bytes
from motes.forms import Form, LayerCost, form_of
from motes.plan import Plan, plan
from motes.program import Program
from motes.progress import Progress, silent
from motes.schedule import Schedule, StageCost, schedule
from motes.target import Board
from motes.target import board as find_board
from motes.tuning import BALANCED, Goal


@dataclass(frozen=True, eq=False)
class Made:
    """An application for a board: everything that was decided, and the image; on the host there is none."""

    application: Application
    prefix: str
    board: Board
    toolchain: str
    folder: Path
    programs: Mapping[Stage, Program]
    plan: Plan
    schedule: Schedule
    layers: tuple[LayerCost, ...]
    image: Image | None
    sources: Mapping[str, str] = field(repr=False)

    @property
    def ram(self) -> dict[str, int] | None:
        """Bytes of RAM by part."""
        if self.image is None:
            return None
        rings = sum(ring_bytes(r, self.schedule) for r in self.application.rings)
        known = self.plan.arena + self.plan.kept_size + rings
        return {
            "arena": self.plan.arena,
            "rings": rings,
            "state": self.plan.kept_size,
            "static": self.image.ram.data - known,
            "stack": self.image.ram.stack,
            "total": self.image.ram.total,
        }

    @property
    def flash(self) -> dict[str, int] | None:
        """Bytes of flash by part."""
        return None if self.image is None else vars(self.image.flash).copy()

    def stage_cycles(self, stage: Stage) -> int:
        """Cycles of one run of a stage, copies in and out of rings not counted."""
        return sum(c.cycles for c in self.layers if c.stage == stage.name)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "app": self.application.name,
            "board": self.board.name,
            "toolchain": self.toolchain,
            "caveat": self.board.core.caveat or None,
            "image": None if self.image is None else str(self.image.elf.absolute()),
            "ram": self.ram,
            "flash": self.flash,
            "arena_bound": self.plan.bound,
            "utilisation": self.schedule.utilisation if self.image else None,
            "meets_deadlines": self.schedule.meets_deadlines(self.application) if self.image else None,
            "stages": [self._stage_json(s) for s in self.application.stages],
            "rings": [self._ring_json(r) for r in self.application.rings],
            "layers": [vars(c) for c in self.layers],
        }

    def _stage_json(self, stage: Stage) -> dict[str, Any]:
        response = self.schedule.response[stage]
        return {
            "name": stage.name,
            "period_ms": float(stage.period * 1000),
            "cycles": self.stage_cycles(stage) if self.image else None,
            "worst_response_ms": round(response * 1000, 3) if self.image and math.isfinite(response) else None,
            "streaming": None if stage.streamed is None else stage.streamed.to_json(),
        }

    def _ring_json(self, ring: Ring) -> dict[str, Any]:
        return {
            "name": ring.name,
            "items": self.schedule.capacity[ring],
            "item_bytes": ring.item.nbytes,
            "bytes": ring_bytes(ring, self.schedule),
            "window": ring.length,
            "stride": ring.stride,
        }

    def table(self) -> RenderableType:
        """For a terminal."""
        head = Text.assemble((self.application.name, "bold"), f" for {self.board.name}")
        rows = Table(box=None, header_style="bold")
        for title, side in (
            ("stage", "left"),
            ("every", "right"),
            ("cycles", "right"),
            ("busy", "right"),
            ("worst response", "right"),
        ):
            rows.add_column(title, justify=side)  # type: ignore[arg-type]
        clock = self.board.chip.clock_hz if self.board.chip else 0
        for stage in self.application.stages:
            cycles = self.stage_cycles(stage)
            rows.add_row(
                stage.name,
                f"{float(stage.period * 1000):g} ms",
                f"{cycles:,}" if clock else "",
                f"{cycles / (float(stage.period) * clock):.1%}" if clock else "",
                self._response(stage) if clock else "",
            )
        steps = [Text(f"{s.name}, {s.streamed}") for s in self.application.stages if s.streamed]
        sizes = Table(box=None, show_header=False)
        for what, parts in (("RAM", self.ram), ("flash", self.flash)):
            if parts:
                split = ", ".join(f"{name} {size:,}" for name, size in parts.items() if name != "total")
                sizes.add_row(Text(what, "bold"), f"{parts['total']:,} bytes", split)
        caveat = [Text(self.board.core.caveat, "dim")] if clock else []
        where = Text(str(self.image.elf) if self.image else str(self.folder), "dim")
        return Group(head, rows, *steps, Text(), sizes, *caveat, where)

    def _response(self, stage: Stage) -> Text:
        """The worst response, and whether it is later than the next trigger."""
        worst = self.schedule.response[stage]
        if math.isinf(worst):
            return Text("too slow", "red")
        shown = f"{worst * 1000:.1f} ms"
        return Text(shown) if self.schedule.meets_deadline(self.application, stage) else Text(f"{shown}, late", "red")


def make(
    application: Application,
    prefix: str,
    board: str,
    out: Path | None,
    toolchain: str,
    progress: Progress = silent,
    goal: Goal = BALANCED,
) -> Made:
    """Build an application; see `App.build`.

    The goal's budgets are those of the whole image: where its kernels take more, they are chosen again for size.
    """
    target = find_board(board)
    check_budgets(target, flash=goal.flash, ram=goal.ram)
    if target.chip is None:
        check_host(toolchain)
    made = _make(application, prefix, target, out, toolchain, progress, Goal(goal.optimize))
    if goal.exceeded_by(made.image):
        made = _make(application, prefix, target, out, toolchain, progress, Goal("size"))
    goal.check(application.name, made.image)
    return _delivered(made)


def _make(
    application: Application,
    prefix: str,
    target: Board,
    out: Path | None,
    toolchain: str,
    progress: Progress,
    goal: Goal,
) -> Made:
    """The application built, its files in the cache."""
    forms: list[Form] = []
    for i, stage in enumerate(application.stages):
        if target.chip is not None:
            progress(f"proving and measuring {stage.name}", i / len(application.stages))
        # Layers that go row by row are one call, for which other stages would wait.
        forms.append(form_of(stage, target, toolchain, goal, rows=len(application.stages) == 1))
    for i, form in enumerate(forms):
        if form.streamed is not None:
            application = streaming(application, application.stages[i], form.streamed)
    programs = {stage: form.program for stage, form in zip(application.stages, forms, strict=True)}
    costs = {stage: _cost(form) for stage, form in zip(application.stages, forms, strict=True)}
    spent = [cost for form in forms for cost in form.layers]
    memory = plan(*(programs[s] for s in application.stages))
    times = schedule(application, costs if target.chip else None, target.chip.clock_hz if target.chip else 1)
    waiting = {r.name: ring_bytes(r, times) for r in application.rings}
    waiting["queue of detections"] = queue_bytes(times)
    check_programs(application.name, programs.values(), memory, waiting, target)
    sources = emit_application(application, programs, memory, times, prefix)
    if target.chip is not None:
        sources.update(emit_application_main(application, prefix))
    key = cache.digest(target.name, toolchain, json.dumps(sources, sort_keys=True))[:20]
    built = cache.folder() / "apps" / key
    folder = out or built
    image = None
    if target.chip is not None:
        progress("compiling", None)
        used = {s.kind for s in application.sources} | {"led" for k in application.sinks if k.action == "led"}
        image = link(
            sources,
            target,
            built,
            name=prefix,
            prefix=prefix,
            peripherals=sorted(used),
            interrupts=1,
            compiler=toolchain,
        )
    return Made(
        application, prefix, target, toolchain, folder, programs, memory, times, tuple(spent), image, sources
    )  # fmt: skip


def _cost(form: Form) -> StageCost:
    """The cycles of each call that takes any."""
    cycles = {c.name: c.cycles for c in form.layers}
    calls = (dataclasses.replace(form.program, calls=(call,)) for call in form.program.calls)
    each = (sum(cycles.get(name, 0) for name, _, _ in call.walk()) for call in calls)
    return StageCost(tuple(filter(None, each)))


def _delivered(made: Made) -> Made:
    """The application with all its files in its folder."""
    image = made.image.at(made.folder) if made.image else None
    placed = dataclasses.replace(made, image=image)
    files = {f"src/{name}": text.encode() for name, text in made.sources.items()}
    report = {**placed.to_json(), "image": None if image is None else image.elf.name}  # equal in any folder
    files["report.json"] = json.dumps(report, indent=2).encode() + b"\n"
    deliver(made.image, made.folder, files)
    return placed
