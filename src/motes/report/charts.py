"""The pictures of a report, as SVG: the run over time, the arena over the calls, sizes, cycles."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from motes.ir import Array
from motes.plan import Life
from motes.report.reading import score_view, widest_features
from motes.running import Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#2563eb", "#f59e0b", "#10b981", "#ef4444", "#8b5cf6", "#06b6d4", "#84cc16", "#ec4899")
INK, MUTED, GOOD, BAD = "#0f172a", "#94a3b8", "#059669", "#dc2626"
COLUMNS = 1400
"""Points of a waveform: more than a screen shows."""
WIDTH_IN = 11.0


@contextmanager
def _figure(height: float, rows: int = 1, ratios: Sequence[float] | None = None) -> Iterator[tuple[Figure, list[Axes]]]:
    """A figure whose SVG depends on nothing but what is drawn."""
    import matplotlib
    from matplotlib.figure import Figure

    style: Any = {
        "svg.hashsalt": "motes",
        "svg.fonttype": "none",
        "font.family": "sans-serif",
        "font.size": 9,
        "axes.edgecolor": MUTED,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 9,
        "axes.titlelocation": "left",
        "xtick.color": INK,
        "ytick.color": INK,
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
        axes = figure.subplots(rows, 1, sharex=rows > 1, squeeze=False, height_ratios=ratios)
        yield figure, list(axes[:, 0])


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return text.getvalue()[text.getvalue().index("<svg") :]


# ------------------------------------------------------------------------------------------------ a run


def timeline(outcome: Outcome) -> str:
    """What the sensor heard, the features, the scores against the threshold, and what was detected, over time."""
    features = widest_features(outcome)
    busy = outcome.busy
    panels = ["source", *(["features"] if features else []), "scores", *(["busy"] if busy is not None else [])]
    ratios = [{"source": 1.2, "features": 1.3, "scores": 1.6, "busy": 0.8}[p] for p in panels]
    with _figure(1.9 * sum(ratios), len(panels), ratios) as (figure, axes):
        for panel, axis in zip(panels, axes, strict=True):
            if panel == "source":
                _source(axis, outcome)
            elif panel == "features" and features:
                grid = features.values.T
                end = float(features.time_s[-1]) if len(features.time_s) else 1.0
                axis.imshow(
                    grid, aspect="auto", origin="lower", cmap="magma", interpolation="nearest",
                    extent=(float(features.time_s[0]), end, 0, len(grid)), rasterized=True,
                )  # fmt: skip
                axis.set_title(f"features of {features.stage.name}")
            elif panel == "scores":
                _scores(axis, outcome)
            elif busy is not None:
                hops = (np.arange(len(busy)) + 0.5) * outcome.hop_s
                axis.fill_between(hops, busy * 100, step="mid", color=COLOURS[0], alpha=0.7, linewidth=0)
                axis.set_title(f"busy, % of each {outcome.hop_s * 1000:g} ms")
                axis.set_ylim(0, max(100.0, float(busy.max()) * 100))
        axes[-1].set_xlim(0, outcome.duration_s)
        axes[-1].set_xlabel("seconds")
        return _svg(figure)


def _source(axis: Axes, outcome: Outcome) -> None:
    source = outcome.made.application.sources[0]
    items = outcome.items.reshape(len(outcome.items), -1).astype(np.float64)
    if source.kind == "camera":
        change = np.abs(np.diff(items, axis=0, prepend=items[:1])).mean(axis=1)
        axis.plot(np.arange(len(items)) / float(source.rate), change, color=INK, linewidth=0.8)
        axis.set_title("camera: mean change from frame to frame, grey levels")
    else:
        for i in range(items.shape[1]):
            low, high = _envelope(items[:, i])
            seconds = np.linspace(0, outcome.duration_s, len(low))
            axis.fill_between(seconds, low, high, color=COLOURS[i] if items.shape[1] > 1 else INK, linewidth=0.4)
        axis.set_title(
            {"microphone": "microphone", "accelerometer": "accelerometer: x, y, z"}.get(source.kind, source.kind)
        )
    if outcome.verdict is not None:
        for label, event in outcome.verdict.said:
            axis.axvspan(label.start, label.end, color=GOOD if event else BAD, alpha=0.18, linewidth=0)


def _envelope(signal: Array) -> tuple[Array, Array]:
    """Least and greatest value in each of `COLUMNS` stretches."""
    edges = np.unique(np.linspace(0, len(signal), min(COLUMNS, len(signal)) + 1).astype(int)[:-1])
    return np.minimum.reduceat(signal, edges), np.maximum.reduceat(signal, edges)


def _scores(axis: Axes, outcome: Outcome) -> None:
    view = score_view(outcome)
    if view is not None:
        trace, labels, threshold, reported = view
        for i, label in enumerate(labels):
            faint = label not in reported
            axis.plot(
                trace.time_s, trace.values[:, i], label=label, linewidth=0.9 if faint else 1.4,
                color=MUTED if faint else COLOURS[i % len(COLOURS)],
            )  # fmt: skip
        axis.axhline(threshold, color=INK, linewidth=0.8, linestyle="--")
        axis.set_ylim(
            0, max(1.05 if threshold <= 1 else 0.0, threshold * 1.2, float(trace.values.max(initial=0)) * 1.15)
        )
        axis.legend(loc="upper left", ncols=min(8, len(labels)), frameon=False, fontsize=8)
    for event in outcome.events:
        axis.axvline(event.time_s, color=_right(outcome, event), linewidth=1.0, alpha=0.8)
        axis.annotate(
            event.label, (event.time_s, 1), xycoords=("data", "axes fraction"), rotation=90, fontsize=7,
            xytext=(2, -2), textcoords="offset points", va="top", color=_right(outcome, event), parse_math=False,
        )  # fmt: skip
    missed = f", {outcome.missed} deadlines missed" if outcome.missed else ""
    axis.set_title(f"scores, threshold (dashed), detections{missed}")


def _right(outcome: Outcome, event: object) -> str:
    return BAD if outcome.verdict is not None and event in outcome.verdict.false_alarms else GOOD


# ------------------------------------------------------------------------------------------------ memory and cycles


def arena(lives: Sequence[Life], size: int) -> str:
    """Every block of the arena: where it lies, and between which calls it is alive; programs one behind the other."""
    programs = list(dict.fromkeys(life.program for life in lives))
    with _figure(3.2) as (figure, (axis,)):
        from matplotlib.patches import Rectangle

        start = 0.0
        for program in programs:
            mine = [life for life in lives if life.program == program]
            end = max(life.last for life in mine)
            for i, life in enumerate(mine):
                x, width = start + life.first + 1, life.last - life.first + 1
                colour = MUTED if life.name.startswith("scratch") else COLOURS[i % len(COLOURS)]
                box = Rectangle((x, life.offset), width, life.size, facecolor=colour, alpha=0.75, edgecolor="white")
                axis.add_patch(box)
                if life.size > size / 14 and width >= 1:
                    axis.annotate(
                        f"{life.name}\n{life.size:,}", (x + width / 2, life.offset + life.size / 2), ha="center",
                        va="center", fontsize=6, clip_on=True, parse_math=False,
                        rotation=90 if width < 3 and life.size > size / 4 else 0,
                    )  # fmt: skip
            axis.annotate(program, (start, size), fontsize=8, color=INK, va="bottom", parse_math=False)
            start += end + 3
        axis.set_xlim(-0.5, max(1.0, start - 0.5))
        axis.set_ylim(0, max(1, size) * 1.08)
        axis.set_xlabel("calls")
        axis.set_ylabel("bytes of the arena")
        axis.set_xticks([])
        return _svg(figure)


def bars(parts: Mapping[str, Mapping[str, int]]) -> str:
    """One bar for each kind of memory, split by part."""
    with _figure(0.6 + 0.55 * len(parts)) as (figure, (axis,)):
        for row, (what, sizes) in enumerate(parts.items()):
            at = 0
            for i, (name, size) in enumerate((n, s) for n, s in sizes.items() if n != "total" and s):
                axis.barh(row, size, left=at, color=COLOURS[i % len(COLOURS)], height=0.7, edgecolor="white")
                if size > 0.06 * max(s["total"] for s in parts.values()):
                    axis.annotate(f"{name}\n{size:,}", (at + size / 2, row), ha="center", va="center", fontsize=7)
                at += size
            axis.annotate(f" {what} {sizes['total']:,}", (at, row), va="center", fontsize=8)
        axis.set_yticks([])
        axis.invert_yaxis()
        axis.margins(x=0.14)
        axis.set_xlim(left=0)
        axis.set_xlabel("bytes")
        return _svg(figure)


def cycles(rows: Sequence[tuple[str, int]]) -> str:
    """A bar for each layer."""
    shown = [r for r in rows if r[1]]
    with _figure(0.5 + 0.2 * max(1, len(shown))) as (figure, (axis,)):
        axis.barh(range(len(shown)), [c for _, c in shown], color=COLOURS[0], height=0.75)
        axis.set_yticks(range(len(shown)), [name for name, _ in shown], fontsize=7, parse_math=False)
        axis.invert_yaxis()
        total = sum(c for _, c in shown) or 1
        for i, (_, count) in enumerate(shown):
            axis.annotate(f" {count:,} ({count / total:.1%})", (count, i), va="center", fontsize=7)
        axis.margins(x=0.12)
        axis.set_xlabel("cycles of one run")
        return _svg(figure)
