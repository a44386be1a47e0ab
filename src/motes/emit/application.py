"""An application as C: `<prefix>.h` and `<prefix>.c` with init, push and event; and `main.c` for a board."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from motes.application import Application, Ring, Sink, Stage
from motes.emit.layers import Code, Layer
from motes.emit.model import kept_offset
from motes.emit.text import comment, string, templates
from motes.errors import BadInput
from motes.ir import Node
from motes.names import identifier, printable
from motes.passes.streaming import steady
from motes.plan import Plan, round_up
from motes.program import Program
from motes.schedule import Schedule
from motes.stream import Source

WORD, CLOCK, RING, DETECTION = 4, 8, 28, 16
"""Bytes of uint32_t, uint64_t, motes_ring and a detection that waits."""
DROPPED = 20
"""Where the count of dropped items lies in the latter."""
TEXT = 58
"""Bytes that a described detection takes at most, its label not counted: see describe.h."""


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


def queue_bytes(schedule: Schedule) -> int:
    """Memory of the detections that wait."""
    return DETECTION * schedule.queue


def ring_bytes(ring: Ring, schedule: Schedule) -> int:
    """Memory of a ring's items and stamps."""
    return items_bytes(ring, schedule) + CLOCK * slots(ring, schedule)


def items_bytes(ring: Ring, schedule: Schedule) -> int:
    """Memory of a ring's items."""
    return round_up(schedule.capacity[ring] * ring.item.nbytes)


def slots(ring: Ring, schedule: Schedule) -> int:
    """Stamps that a ring keeps: a power of two, at least as many as windows can wait in it."""
    waiting = (schedule.capacity[ring] - ring.length) // ring.stride + 1
    return 1 << (waiting - 1).bit_length()


def layout(application: Application, plan: Plan) -> dict[str, int]:
    """Where in the state struct things lie that are read from outside, in bytes; the C asserts each.

    `time_<stage>` is uint64: items that its source had delivered when the window of its last run was complete; the
    others are uint32. `whole_<stage>`, of streaming forms alone, is 1 where that run had a whole window.
    """
    at = kept_offset(plan) + round_up(plan.kept_size) + CLOCK * len(application.sources)
    places = {f"time_{s.name}": at + CLOCK * i for i, s in enumerate(application.stages)}
    at += CLOCK * len(application.stages)
    for stage in application.stages:
        if stage.streamed:
            places[f"whole_{stage.name}"] = at
            at += WORD
    places |= {"missed": at, "lost": at + WORD}
    for i, ring in enumerate(application.rings):
        places[f"ring_{ring.name}.dropped"] = at + 2 * WORD + RING * i + DROPPED
    return places


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
    lists = list(dict.fromkeys(s.labels for s in application.sinks))
    context = {
        "prefix": prefix,
        "PREFIX": prefix.upper(),
        "title": comment(application.name),
        "arena": round_up(plan.arena),
        "kept": round_up(plan.kept_size),
        "queue": schedule.queue,
        "layout": layout(application, plan),
        "rings": [_ring(r, schedule) for r in application.rings],
        "sources": [_source(application, s) for s in application.sources],
        "stages": stages,
        "sinks": [
            {**_sink(application, i, s), "labels": lists.index(s.labels)} for i, s in enumerate(application.sinks)
        ],
        "label_lists": [[string(printable(label)) for label in labels] for labels in lists],
        "includes": list(code.includes),
        "constants": code.constants,
        "shared": list(code.shared.values()),
        "text_size": TEXT + max(len(printable(label).encode()) for s in application.sinks for label in s.labels),
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
        "printed": any(s.action == "print" for s in application.sinks),
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
        "layers": _with_steps(layers, application.stages.index(stage) > 0, steady(program.graph)),
        "streamed": stage.streamed is not None,
        "stores": stores,
        "resets": resets,
        "pushes": [{"ring": r.name, "from": code.address(r.item)} for r in stage.pushes],
        "sinks": [
            {"index": i, "decision": code.pointer(k.decision, const=True)}
            for i, k in enumerate(application.sinks)
            if application.stage_of(k.decision) is stage
        ],
    }


def _with_steps(layers: Sequence[Layer], nested: bool, each: Collection[Node]) -> list[dict[str, Any]]:
    """The layers, each with whether shorter stages may run behind it: between any two that do something; and whether
    it is one of those that run in `each` step of a streaming form."""
    last = max((i for i, layer in enumerate(layers) if layer.function), default=0)
    return [
        {**vars(x), "step": nested and bool(x.function) and i < last, "steady": x.call.node in each}
        for i, x in enumerate(layers)
    ]


def _ring(ring: Ring, schedule: Schedule) -> dict[str, Any]:
    capacity = schedule.capacity[ring]
    return {
        "name": ring.name,
        "title": comment(f"{capacity} items of {ring.item}, read {ring.length} at a time, {ring.stride} on"),
        "item_bytes": ring.item.nbytes,
        "capacity": capacity,
        "length": ring.length,
        "stride": ring.stride,
        "slots": slots(ring, schedule),
        "whole": ring.length + ring.before,
        "early": ring.early,
        "bytes": items_bytes(ring, schedule),
    }


def _source(application: Application, source: Source) -> dict[str, Any]:
    rings = [r for r in application.rings if r.source is source]
    item = rings[0].item
    several = len(application.sources) > 1
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
    }


def _sink(application: Application, index: int, sink: Sink) -> dict[str, Any]:
    millionths = rational(sink.decision.scale * 1e6)
    source = application.stage_of(sink.decision).source
    micros = Fraction(1_000_000) / source.rate
    if micros.denominator >> 32:
        raise BadInput(
            f"the {source.kind} delivers {float(source.rate):,.0f} items a second; that is too fast to be timed"
        )
    lit = Fraction(sink.settings.get("ms", 0), 1000)
    return {
        "index": index,
        "action": sink.action,
        "multiplier": millionths.multiplier,
        "shift": millionths.shift,
        "micros": micros.numerator,
        "per": micros.denominator,
        "lit_items": math.ceil(lit * application.sources[0].rate),
    }
