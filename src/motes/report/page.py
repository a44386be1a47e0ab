"""Reports as HTML that needs nothing else: pictures are SVG in the page, and nothing is fetched.

Each is a `<div class="motes">` with its own style, which a notebook shows as it is, or that in a whole page.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup

from motes.forms import LayerCost
from motes.making import Made
from motes.plan import Life
from motes.report import bars
from motes.report.arena import arena, when
from motes.report.charts import COLOURS
from motes.report.data import duration, milliseconds, stages_json, to_json
from motes.report.pareto import pareto
from motes.report.timeline import timeline
from motes.running import Outcome
from motes.target import board as find_board

CYCLES_NOTE = "Cycles of layers are those of the layer alone, measured on the virtual board when the image was built."
MOST_FUNCTIONS = 40


class About(NamedTuple):
    """Of a part of memory: how it is drawn, and what it is."""

    colour: str
    words: str


ABOUT = {
    "code": About(COLOURS[0], "functions, and constants that belong to them"),
    "weights": About(COLOURS[1], "of the models"),
    "tables": About(COLOURS[2], "parameters, filter banks, windows"),
    "startup": About(COLOURS[3], "vector table, reset"),
    "arena": About(COLOURS[0], "tensors and scratch, shared by all stages"),
    "rings": About(COLOURS[1], "items on their way to a stage"),
    "state": About(COLOURS[2], "what stages keep between their runs"),
    "static": About(COLOURS[5], "sensor buffers, queues, variables"),
    "stack": About(COLOURS[4], "reserved: the static bound, interrupts included"),
}


def run_page(outcome: Outcome, whole: bool = True) -> str:
    """The report of a run: a page, or a fragment of one."""
    return _application(outcome.made, outcome, whole)


def build_page(made: Made, whole: bool = True) -> str:
    """The report of an application that has not run: a page, or a fragment of one."""
    return _application(made, None, whole)


def profile_page(data: Mapping[str, Any], lives: Sequence[Life], whole: bool = True) -> str:
    """The report of a profile: a page, or a fragment of one.

    Args:
        data: `Profile.to_json()`.
        lives: of its plan.
    """
    chip = find_board(data["board"]).chip
    assert chip is not None
    costs = [LayerCost("", **{k: v for k, v in c.items() if k != "instructions"}) for c in data["layers"]]
    kernels = _kernels(costs)
    return _page(
        "profile.html.j2",
        f"{data['model']} on {data['board']}",
        whole,
        data=data,
        limits={"flash": chip.flash.size, "ram": chip.ram.size},
        arena=arena(lives, data["ram"]["arena"]),
        blocks=_blocks(lives),
        cycles=bars.cycles(costs, [k for k, *_ in kernels]),
        kernels=kernels,
        memory=_memory(data),
        pareto=pareto(data["pareto"], {"cycles": data["cycles"], **{m: data[m]["total"] for m in ("flash", "ram")}})
        if "pareto" in data
        else "",
    )


def _application(made: Made, outcome: Outcome | None, whole: bool) -> str:
    data = made.to_json()
    ran = stages_json(outcome) if outcome else [None] * len(data["stages"])
    rings = {ring["name"]: ring for ring in data["rings"]}
    own = [rings[s.ring.name] for s in made.application.stages]
    kernels = _kernels(made.layers)
    layers = [(stage, list(rows)) for stage, rows in groupby(made.layers, key=lambda c: c.stage)]
    return _page(
        "application.html.j2",
        f"{made.application.name} on {made.board.name}",
        whole,
        made=made,
        chip=made.board.chip,
        data=data,
        outcome=outcome,
        run=to_json(outcome) if outcome else None,
        energy=outcome.energy if outcome else None,
        timeline=timeline(outcome) if outcome else None,
        stages=list(zip(data["stages"], own, ran, strict=True)),
        arena=arena(made.plan.lives, made.plan.arena),
        blocks=_blocks(made.plan.lives),
        layers=[(stage, rows, bars.cycles(rows, [k for k, *_ in kernels])) for stage, rows in layers],
        kernels=kernels,
        memory=_memory(data),
        functions=_functions(outcome),
    )


def _memory(data: Mapping[str, Any]) -> dict[str, Markup]:
    """Pictures of flash and RAM, where there is a chip that has them."""
    colours = {name: about.colour for name, about in ABOUT.items()}
    return {kind: bars.memory(kind, data[kind], colours) for kind in ("flash", "ram") if data[kind]}


def _blocks(lives: Sequence[Life]) -> list[tuple[Life, str]]:
    """Each block, and in words when it is alive."""
    calls = {life.program: 0 for life in lives}
    for life in lives:
        calls[life.program] = max(calls[life.program], life.last)
    return [(life, when(life, calls[life.program])) for life in lives]


def _kernels(layers: Iterable[LayerCost]) -> list[tuple[str, int, int, float]]:
    """Name, layers, cycles and share of each kernel, most cycles first."""
    cycles: dict[str, int] = {}
    count: dict[str, int] = {}
    for c in layers:
        cycles[c.kernel] = cycles.get(c.kernel, 0) + c.cycles
        count[c.kernel] = count.get(c.kernel, 0) + 1
    total = sum(cycles.values()) or 1
    return [(k, count[k], n, n / total) for k, n in sorted(cycles.items(), key=lambda item: (-item[1], item[0]))]


def _functions(outcome: Outcome | None) -> list[tuple[str, int, int, float]]:
    """Name, instructions, cycles and share of the functions that took most of a run."""
    if outcome is None or outcome.execution is None:
        return []
    awake = outcome.execution.cycles_awake or 1
    found = list(outcome.execution.functions.items())[:MOST_FUNCTIONS]
    return [(name, spent.instructions, spent.cycles, spent.cycles / awake) for name, spent in found]


# ------------------------------------------------------------------------------------------------ templates


def _page(template: str, title: str, whole: bool, **values: Any) -> str:
    templates = _templates()
    fragment = templates.get_template(template).render(values)
    if not whole:
        return fragment
    return templates.get_template("page.html.j2").render(title=title, fragment=Markup(fragment))


@functools.cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("motes.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(about=ABOUT, cycles_note=CYCLES_NOTE, duration=duration, milliseconds=milliseconds)
    return environment
