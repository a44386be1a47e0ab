"""A run as a JSON object."""

from __future__ import annotations

import math
from typing import Any

from motes.judging import Event, Verdict
from motes.running import Outcome


def to_json(outcome: Outcome) -> dict[str, Any]:
    """Everything measured; what only a board's clock tells is null on the host."""
    made, execution = outcome.made, outcome.execution
    found: dict[str, Any] = {
        "app": made.application.name,
        "board": made.board.name,
        "toolchain": made.toolchain,
        "image": None if made.image is None else str(made.image.elf.absolute()),
        "input": str(outcome.recording),
        "clock_hz": None if execution is None else execution.clock_hz,
        "duration_s": outcome.duration_s,
        "events": [event_json(e) for e in outcome.events],
        "hops": outcome.hops,
        "hop_ms": outcome.hop_s * 1000,
        "missed_deadlines": outcome.missed,
        "dropped_samples": outcome.dropped,
        "busy_share": None,
        "cycles_per_hop": None,
        "ram": made.ram,
        "flash": made.flash,
        "stack_high_water": None,
        "current_ua": None,
        "battery_h": None,
        "stages": stages_json(outcome),
        "exit_status": outcome.exit_status,
    }
    if execution is not None:
        busy = outcome.busy
        assert busy is not None
        per_hop = busy * outcome.hop_s * execution.clock_hz
        found["busy_share"] = round(execution.cycles_awake / execution.cycles, 6)
        found["cycles_per_hop"] = {"mean": round(float(per_hop.mean()), 1), "max": round(float(per_hop.max()))}
        found["stack_high_water"] = execution.stack_high_water
    if outcome.energy is not None:
        energy = outcome.energy
        found["current_ua"] = {
            "mean": round(energy.mean_ua, 3),
            "parts": {name: round(ua, 3) for name, ua in energy.parts.items()},
        }
        found["battery_h"] = {name: round(hours, 1) for name, hours in energy.battery_h.items()}
    if outcome.verdict is not None:
        found.update(verdict_json(outcome.verdict))
    return found


def event_json(event: Event) -> dict[str, Any]:
    """An event as a JSON object."""
    return {
        "time_s": event.time_s,
        "label": event.label,
        "score": event.score,
        "latency_ms": event.latency_ms,
        "action": event.sink,
    }


def stages_json(outcome: Outcome) -> list[dict[str, Any]]:
    """What each stage was expected to take, and took."""
    rows = []
    for stage in outcome.made.application.stages:
        runs = next((len(t.time_s) for t in outcome.traces if t.stage is stage), 0)
        row: dict[str, Any] = {"name": stage.name, "period_ms": float(stage.period * 1000), "runs": runs}
        if outcome.execution is not None:
            spans = [s for s in outcome.execution.spans if s.name == stage.name]
            clock = outcome.execution.clock_hz
            response = outcome.made.schedule.response[stage]
            row["cycles"] = {
                "mean": round(sum(s.cycles for s in spans) / max(1, len(spans)), 1),
                "max": max((s.cycles for s in spans), default=0),
            }
            row["worst_response_ms"] = {
                "computed": round(response * 1000, 3) if math.isfinite(response) else None,
                "measured": round(1000 * worst_response(outcome, stage.name), 3),
            }
            row["share"] = round(sum(s.cycles for s in spans) / (outcome.execution.cycles or 1), 6)
            assert clock
        rows.append(row)
    return rows


def worst_response(outcome: Outcome, name: str) -> float:
    """Seconds from the trigger of a stage to the end of its run, at the worst."""
    assert outcome.execution is not None
    application, clock = outcome.made.application, outcome.execution.clock_hz
    stage = next(s for s in application.stages if s.name == name)
    buffer = application.buffer(stage.source)
    worst = 0.0
    spans = [s for s in outcome.execution.spans if s.name == name]
    for run, span in enumerate(spans):
        items = -(-(stage.first + run * stage.every) // buffer) * buffer
        worst = max(worst, span.end / clock - float(items / stage.source.rate))
    return worst


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """What was there against what was detected."""
    return {
        "heard": verdict.heard,
        "missed": verdict.missed,
        "false_alarms": len(verdict.false_alarms),
        "labels": [
            {
                "start_s": label.start,
                "end_s": label.end,
                "label": label.text,
                "detected_s": None if event is None else event.time_s,
            }
            for label, event in verdict.said
        ],
    }
