"""A run as a JSON object."""

from __future__ import annotations

import math
from typing import Any

from motes.judging import Event, Verdict
from motes.report.reading import responses
from motes.running import Outcome


def to_json(outcome: Outcome) -> dict[str, Any]:
    """Everything measured; what only a board's clock tells is null on the host."""
    made, execution = outcome.made, outcome.execution
    found: dict[str, Any] = {
        "app": made.application.name,
        "board": made.board.name,
        "toolchain": made.toolchain,
        "caveat": made.board.core.caveat or None,
        "image": None if made.image is None else str(made.image.elf.absolute()),
        "input": str(outcome.recording),
        "clock_hz": None if execution is None else execution.clock_hz,
        "duration_s": outcome.duration_s,
        "events": [event_json(e) for e in outcome.events],
        "hops": outcome.hops,
        "hop_ms": outcome.hop_s * 1000,
        "missed_deadlines": outcome.missed,
        "dropped_samples": outcome.dropped,
        "lost_events": outcome.lost,
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
        runs = len(outcome.triggers[stage])
        row: dict[str, Any] = {"name": stage.name, "period_ms": float(stage.period * 1000), "runs": runs}
        measured = responses(outcome, stage)
        if outcome.execution is not None and measured is not None:
            spent = [s.cycles for s in outcome.execution.spans if s.name == stage.name]
            response = outcome.made.schedule.response[stage]
            row["cycles"] = {"mean": round(sum(spent) / max(1, len(spent)), 1), "max": max(spent, default=0)}
            row["worst_response_ms"] = {
                "computed": round(response * 1000, 3) if math.isfinite(response) else None,
                "measured": round(1000 * float(measured.took_s.max(initial=0)), 3),
            }
            row["share"] = round(sum(spent) / (outcome.execution.cycles or 1), 6)
        rows.append(row)
    return rows


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


def duration(hours: float) -> str:
    """Hours, or days where they are many."""
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:,.0f} days"


def milliseconds(ms: float) -> str:
    """With two digits behind the point, or two that count where it is shorter than that tells."""
    return f"{ms:.2f} ms" if ms >= 0.1 else f"{ms:.2g} ms"
