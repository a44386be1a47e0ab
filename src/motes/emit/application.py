"""An application as C: `<prefix>.h` and `<prefix>.c` with init, push and event; and `main.c` for a board."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from motes.application import Application, Ring, Sink, Stage
from motes.emit.layers import Code
from motes.emit.model import templates
from motes.emit.text import comment, string
from motes.errors import BadInput
from motes.ir import Program, Tensor
from motes.names import identifier
from motes.plan import Plan, round_up
from motes.schedule import Schedule
from motes.stream import Source


@dataclass(frozen=True)
class Rational:
    """A positive factor as (multiplier, shift): x * multiplier / 2**shift, multiplier below 2**31, shift at most 40."""

    multiplier: int
    shift: int


def rational(value: float) -> Rational:
    """The nearest `Rational`.

    Raises:
        BadInput: the value is so large that a score would not print.
    """
    shift = max(0, min(40, 30 - math.frexp(value)[1]))
    multiplier = round(value * (1 << shift))
    if multiplier >= 1 << 31:
        raise BadInput(f"a score's scale of {value / 1e6} is too large to report; rescale the scores")
    return Rational(max(1, multiplier), shift)


def queue_length(application: Application) -> int:
    """Detections that can wait while the longest stage runs: shorter ones may run, and detect, in between."""
    longest = max(s.period for s in application.stages)
    return sum(math.floor(longest / application.stage_of(k.decision).period) + 1 for k in application.sinks)


def queue_bytes(application: Application) -> int:
    """Memory of the detections that wait: 16 bytes each."""
    return 16 * queue_length(application)


def ring_bytes(ring: Ring, schedule: Schedule) -> int:
    """Memory of a ring's items."""
    return round_up(schedule.capacity[ring] * ring.item.nbytes)


@dataclass(frozen=True)
class Layout:
    """Where in the state struct things lie that are read from outside, in bytes; the C asserts each."""

    kept: int
    missed: int
    lost: int
    dropped: Mapping[Ring, int]


def layout(application: Application, plan: Plan) -> Layout:
    """The layout of an application's state: the arena lies at 0."""
    kept = round_up(plan.arena)
    missed = kept + round_up(plan.kept_size)
    rings = missed + 8 + 4 * len(application.stages)
    return Layout(kept, missed, missed + 4, {r: rings + 20 * i + 16 for i, r in enumerate(application.rings)})


def place_of(tensor: Tensor, application: Application, plan: Plan) -> int:
    """Where a tensor lies in the state struct, in bytes."""
    return layout(application, plan).kept + plan.kept[tensor] if tensor in plan.kept else plan.offsets[tensor]


def emit_application(
    application: Application, programs: Mapping[Stage, Program], plan: Plan, schedule: Schedule, prefix: str
) -> dict[str, str]:
    """The C of an application, by file name: no input or output in it, so it drops into any program.

    Args:
        programs: of every stage; `plan` and `schedule` are made for them.
        prefix: a C identifier.
    """
    assert identifier(prefix) == prefix, prefix
    code = Code(prefix, plan)
    stages = [_stage(code, application, stage, programs[stage]) for stage in application.stages]
    code.needs("ring.h", "describe.h")
    places = layout(application, plan)
    context = {
        "prefix": prefix,
        "PREFIX": prefix.upper(),
        "title": comment(application.name),
        "arena": round_up(plan.arena),
        "kept": round_up(plan.kept_size),
        "queue": queue_length(application),
        "missed_offset": places.missed,
        "rings": [{**_ring(r, schedule), "dropped_offset": places.dropped[r]} for r in application.rings],
        "sources": [_source(application, s) for s in application.sources],
        "stages": stages,
        "sinks": [_sink(application, i, s) for i, s in enumerate(application.sinks)],
        "includes": list(code.includes),
        "constants": code.constants,
        "shared": list(code.shared.values()),
        "text_size": 48 + max(len(_printable(label).encode()) for s in application.sinks for label in s.labels),
    }
    env = templates()
    return {
        f"{prefix}.h": env.get_template("application.h.j2").render(context),
        f"{prefix}.c": env.get_template("application.c.j2").render(context),
        **code.files(),
    }


def emit_application_main(application: Application, prefix: str) -> dict[str, str]:
    """`main.c`: the application on a board, through `board.h`."""
    context = {
        "prefix": prefix,
        "PREFIX": prefix.upper(),
        "title": comment(application.name),
        "sources": [_source(application, s) for s in application.sources],
        "sinks": [_sink(application, i, s) for i, s in enumerate(application.sinks)],
        "lit": any(s.action == "led" for s in application.sinks),
    }
    return {"main.c": templates().get_template("application_main.c.j2").render(context)}


def emit_application_host(application: Application, prefix: str) -> dict[str, str]:
    """`host.c`: the application as a library on this machine, under names that do not depend on it."""
    context = {"prefix": prefix, "sources": [_source(application, s) for s in application.sources]}
    return {"host.c": templates().get_template("application_host.c.j2").render(context)}


def _stage(code: Code, application: Application, stage: Stage, program: Program) -> dict[str, Any]:
    layers, stores, resets = code.add(program)
    window = stage.graph.inputs[0]
    return {
        "name": stage.name,
        "title": comment(
            f"{stage.name}: every {float(stage.period) * 1000:g} ms, {stage.ring.length} items of {stage.ring.name}"
        ),
        "ring": stage.ring.name,
        "window": code.address(window),
        "layers": layers,
        "stores": stores,
        "resets": resets,
        "pushes": [{"ring": r.name, "from": code.address(r.item)} for r in stage.pushes],
        "sinks": [
            {"index": i, "decision": code.pointer(k.decision, const=True)}
            for i, k in enumerate(application.sinks)
            if application.stage_of(k.decision) is stage
        ],
        "first": stage.first,
        "every": stage.every,
        "buffer": application.buffer(stage.source),
        "source_rings": [r.name for r in application.rings if r.source is stage.source],
    }


def _ring(ring: Ring, schedule: Schedule) -> dict[str, Any]:
    capacity = schedule.capacity[ring]
    return {
        "name": ring.name,
        "title": comment(f"{capacity} items of {ring.item}, read {ring.length} at a time, {ring.stride} on"),
        "item_bytes": ring.item.nbytes,
        "capacity": capacity,
        "length": ring.length,
        "stride": ring.stride,
        "bytes": ring_bytes(ring, schedule),
    }


def _source(application: Application, source: Source) -> dict[str, Any]:
    rings = [r for r in application.rings if r.source is source]
    item = rings[0].item
    several = len(application.sources) > 1
    micro = Fraction(1_000_000) / source.rate
    return {
        "kind": source.kind,
        "push": f"push_{source.kind}" if several else "push",
        "type": item.dtype.c,
        "elements": item.elements,
        "rings": [r.name for r in rings],
        "buffer": application.buffer(source),
        "rate_hz": round(source.rate),
        "rate_mhz": round(source.records_per_s * 1000),
        "settings": dict(source.settings),
        "micro_numerator": micro.numerator,
        "micro_denominator": micro.denominator,
    }


def _sink(application: Application, index: int, sink: Sink) -> dict[str, Any]:
    micro = rational(sink.decision.scale * 1e6)
    source = application.stage_of(sink.decision).source
    return {
        "index": index,
        "action": sink.action,
        "settings": dict(sink.settings),
        "labels": [string(_printable(label)) for label in sink.labels],
        "source": application.sources.index(source),
        "multiplier": micro.multiplier,
        "shift": micro.shift,
        "lit_items": math.ceil(sink.settings.get("ms", 0) * source.rate / 1000),
    }


def _printable(label: str) -> str:
    """A label on one line."""
    return "".join(c if c.isprintable() else "?" for c in label)
