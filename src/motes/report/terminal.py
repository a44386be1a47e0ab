"""A run in a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from motes.names import printable
from motes.report.data import duration, stages_json, to_json
from motes.running import Outcome


def summary(outcome: Outcome) -> RenderableType:
    """What was heard of what was said, then what it took."""
    data = to_json(outcome)
    made = outcome.made
    parts: list[RenderableType] = [
        Text.assemble(
            (printable(made.application.name), "bold"),
            f" on {made.board.name}, {outcome.duration_s:.1f} s of {outcome.recording}",
        )
    ]
    if outcome.verdict is not None:
        parts += [_verdict(outcome), Text()]
    parts += [_stages(outcome), Text(), _facts(outcome, data)]
    parts += [Text(made.board.core.caveat, "dim")] if outcome.execution is not None else []
    parts.append(Text(f"report: {made.folder / 'report.html'}", "dim"))
    return Group(*parts)


def _verdict(outcome: Outcome) -> RenderableType:
    verdict = outcome.verdict
    assert verdict is not None
    said = Table(box=None, header_style="bold")
    clock = outcome.execution is not None
    for title in ("said", "from", "to", "heard", "score", *(["latency"] if clock else [])):
        said.add_column(title, justify="left" if title == "said" else "right")
    for label, event in verdict.said:
        said.add_row(
            Text(printable(label.text)),
            f"{label.start:.2f} s",
            f"{label.end:.2f} s",
            Text("missed", "red") if event is None else f"{event.time_s:.2f} s",
            "" if event is None else f"{event.score:.3f}",
            *([] if event is None or event.latency_ms is None else [f"{event.latency_ms:.1f} ms"]),
        )
    for event in verdict.false_alarms:
        said.add_row(
            Text(f"({printable(event.label)})", "red"), "", "false alarm", f"{event.time_s:.2f} s", f"{event.score:.3f}"
        )
    false = len(verdict.false_alarms)
    line = f"{verdict.heard} of {len(verdict.said)} heard, {false} false alarm{'s' * (false != 1)}"
    return Group(said, Text(line, "bold"))


def _stages(outcome: Outcome) -> RenderableType:
    table = Table(box=None, header_style="bold")
    measured = ("cycles", "most", "share", "worst response", "computed") if outcome.execution else ()
    for title in ("stage", "every", "runs", *measured):
        table.add_column(title, justify="left" if title == "stage" else "right")
    for row in stages_json(outcome):
        cells = [row["name"], f"{row['period_ms']:g} ms", f"{row['runs']:,}"]
        if "cycles" in row:
            computed = row["worst_response_ms"]["computed"]
            cells += [
                f"{row['cycles']['mean']:,.0f}",
                f"{row['cycles']['max']:,}",
                f"{row['share']:.2%}",
                f"{row['worst_response_ms']['measured']:.1f} ms",
                "too slow" if computed is None else f"{computed:.1f} ms",
            ]
        table.add_row(*cells)
    return table


def _facts(outcome: Outcome, data: dict[str, object]) -> RenderableType:
    facts = Table(box=None, show_header=False)
    facts.add_column(style="bold")
    facts.add_column()
    if outcome.execution is not None:
        busy = outcome.busy
        assert busy is not None
        facts.add_row(
            "busy",
            f"{outcome.execution.cycles_awake / outcome.execution.cycles:.2%} of the time; "
            f"of the busiest {outcome.hop_s * 1000:g} ms, {busy.max():.0%}",
        )
        facts.add_row("deadlines", f"{outcome.missed:,} missed")
    facts.add_row("samples", f"{outcome.dropped:,} dropped")
    if outcome.lost:
        facts.add_row("events", f"{outcome.lost:,} lost: too many at once")
    for what, sizes in (("RAM", outcome.made.ram), ("flash", outcome.made.flash)):
        if sizes:
            split = ", ".join(f"{name} {size:,}" for name, size in sizes.items() if name != "total")
            facts.add_row(what, f"{sizes['total']:,} bytes: {split}")
    if outcome.execution is not None and outcome.made.image is not None:
        facts.add_row(
            "stack", f"{outcome.execution.stack_high_water:,} of {outcome.made.image.ram.stack:,} bytes used at most"
        )
    if outcome.energy is not None:
        split = ", ".join(f"{name} {ua:,.0f}" for name, ua in outcome.energy.parts.items())
        facts.add_row("current", f"{outcome.energy.mean_ua:,.0f} µA on average, estimated: {split}")
        facts.add_row("battery", ", ".join(f"{k} {duration(h)}" for k, h in outcome.energy.battery_h.items()))
    return facts
