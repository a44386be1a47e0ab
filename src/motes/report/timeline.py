"""A run over time: what the sensor delivered, features, scores, detections, when stages ran, how busy the core was."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from markupsafe import Markup

from motes.application import Stage
from motes.ir import Array
from motes.judging import Event
from motes.report import charts
from motes.report.charts import BAD, CHARACTER, COLOURS, FAINT, GOOD, GUTTER, INK, MARGIN, WIDTH, fitting
from motes.report.reading import envelope, features, responses, score_view
from motes.running import Outcome, Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INSIDE = WIDTH - GUTTER - MARGIN
GAP, TITLE, FOOT = 14, 18, 22
"""Units between two panels, of a panel's title, and of the axis of time below all."""
THUMBNAILS, THUMBNAIL_PIXELS = 14, 144
MOST_NAMES = 8
"""Of labels whose colours are explained."""
MOST_TICKS, MOST_POINTS = 400, 5000
"""More lines, more points of a curve are pixels rather than SVG, where a line takes 50 bytes."""


class Panel(NamedTuple):
    """A part of the picture: `draw` is given axes, whose horizontal range is that of the run in seconds."""

    height: float
    draw: Callable[[Axes], None]


def timeline(outcome: Outcome) -> Markup:
    """The whole run as one picture with one axis of time."""
    panels = list(_panels(outcome))
    seconds = outcome.duration_s

    def draw(figure: Figure) -> None:
        top = 0.0
        for part in panels:
            axes = charts.panel(figure, top + TITLE, part.height)
            axes.set_xlim(0, seconds)
            part.draw(axes)
            axes.grid(axis="x")
            axes.tick_params(axis="x", length=0, pad=6, labelbottom=part is panels[-1])
            axes.locator_params(axis="x", nbins=12)
            axes.xaxis.set_major_formatter("{x:,g} s")
            axes.yaxis.set_major_formatter("{x:,.10g}")
            top += TITLE + part.height + GAP

    height = sum(TITLE + part.height + GAP for part in panels) - GAP + FOOT
    return charts.picture(f"{seconds:.1f} seconds of the run", height, draw)


def _panels(outcome: Outcome) -> Iterator[Panel]:
    if outcome.made.application.sources[0].kind == "camera":
        yield from _camera(outcome)
    else:
        yield _signal(outcome)
    shown = features(outcome)
    if shown is not None:
        yield _features(shown)
    yield _scores(outcome)
    for stage in outcome.made.application.stages:
        yield runs(outcome, stage)
    if outcome.busy is not None:
        yield _busy(outcome, outcome.busy)


def _names(axes: Axes, named: Iterator[tuple[float, str, str]]) -> None:
    """Words with their colours at the upper edge, from a second on; those that have no room are left out."""
    free = 0.0
    for second, words, colour in named:
        left = second / axes.get_xlim()[1] * INSIDE + 3
        shown = fitting(words, 90)
        right = left + len(shown) * CHARACTER
        if left >= free and right <= INSIDE + MARGIN:
            axes.annotate(
                shown, (second, 1), (3, -1), xycoords=axes.get_xaxis_transform(), textcoords="offset points",
                va="top", color=colour,
            )  # fmt: skip
            free = right + 2


# ------------------------------------------------------------------------------------------------ what was sensed


def _said(axes: Axes, outcome: Outcome) -> None:
    """The labels, as bands: green where they were detected."""
    said = outcome.verdict.said if outcome.verdict else ()
    colours = [BAD if event is None else GOOD for _, event in said]
    axes.broken_barh(
        [(label.start, label.end - label.start) for label, _ in said], (0, 1),
        transform=axes.get_xaxis_transform(), facecolors=colours, alpha=0.18, linewidth=0,
    )  # fmt: skip
    _names(axes, ((label.start, label.text, colour) for (label, _), colour in zip(said, colours, strict=True)))


def _signal(outcome: Outcome) -> Panel:
    source = outcome.made.application.sources[0]
    item = next(r.item for r in outcome.made.application.rings if r.source is source)
    scale = item.scale if item.quant else 1.0
    starts, low, high = envelope(outcome.items.reshape(len(outcome.items), -1), 2 * INSIDE)
    seconds, low, high = starts / float(source.records_per_s), low * scale, high * scale
    most = float(max(-low.min(), high.max())) or 1.0
    # the busiest axis first, the others drawn over it
    order = np.argsort(low.min(axis=0) - high.max(axis=0), kind="stable")
    titles = {
        "microphone": "microphone, full scale 1",
        "accelerometer": "accelerometer, m/s²: x blue, y amber, z green",
    }

    def draw(axes: Axes) -> None:
        axes.set_title(titles.get(source.kind, source.kind))
        axes.set_ylim(-most, 1.3 * most)
        axes.locator_params(axis="y", nbins=4)
        for i in order:
            shade = COLOURS[i % len(COLOURS)]
            axes.fill_between(seconds, low[:, i], high[:, i], color=shade, linewidth=0.5, rasterized=True)
        _said(axes, outcome)

    return Panel(120, draw)


def _camera(outcome: Outcome) -> Iterator[Panel]:
    frames = outcome.items
    rate = float(outcome.made.application.sources[0].records_per_s)

    def strip(axes: Axes) -> None:
        axes.set_title(f"camera: {THUMBNAILS} of {len(frames):,} frames")
        middles = (np.arange(THUMBNAILS) + 0.5) * len(frames) / THUMBNAILS
        pictures = np.concatenate([_thumbnail(frames[int(i)]) for i in middles], axis=1)
        axes.imshow(pictures, "gray", vmin=0, vmax=255, aspect="auto", extent=(0, outcome.duration_s, 0, 1), zorder=1)
        axes.set_yticks([])
        axes.spines[:].set_visible(False)

    yield Panel(INSIDE / THUMBNAILS * frames.shape[1] / frames.shape[2], strip)
    change = np.zeros(len(frames))
    for i, (before, after) in enumerate(itertools.pairwise(frames), 1):
        change[i] = np.abs(after.astype(np.int16) - before).mean()

    def moves(axes: Axes) -> None:
        axes.set_title("mean change from frame to frame, grey levels")
        axes.set_ylim(0, 1.25 * float(change.max()) or 1.0)
        axes.locator_params(axis="y", nbins=3)
        axes.plot(np.arange(len(frames)) / rate, change, color=COLOURS[0])
        _said(axes, outcome)

    yield Panel(80, moves)


def _thumbnail(frame: Array) -> Array:
    step = max(1, -(-max(frame.shape) // THUMBNAIL_PIXELS))
    return frame[::step, ::step]


def _features(trace: Trace) -> Panel:
    low, high = float(trace.values.min()), float(trace.values.max())
    extent = (float(trace.time_s[0]), float(trace.time_s[-1]), 0, trace.values.shape[1])

    def draw(axes: Axes) -> None:
        axes.set_title(
            f"features of {fitting(trace.tensor.name, 200)}: {trace.values.shape[1]} a vector, "
            f"dark {low:.3g} to light {high:.3g}"
        )
        limits = axes.get_xlim()
        axes.imshow(trace.values.T, "magma", aspect="auto", origin="lower", extent=extent, zorder=1)
        axes.set_xlim(limits)
        axes.locator_params(axis="y", nbins=3)

    return Panel(100, draw)


# ------------------------------------------------------------------------------------------------ what was decided


def _scores(outcome: Outcome) -> Panel:
    view = score_view(outcome)

    def detections(axes: Axes) -> None:
        axes.set_title("detections")
        axes.set_yticks([])
        _events(axes, outcome)

    if view is None:
        return Panel(60, detections)
    trace, labels, threshold, known = view
    most = max(float(trace.values.max()), threshold)
    bounded = trace.values.shape[1] > 1 or most <= 1  # scores of a classifier
    colours = [COLOURS[i % len(COLOURS)] if label in known else FAINT for i, label in enumerate(labels)]

    def draw(axes: Axes) -> None:
        axes.set_title(f"scores; the threshold, {threshold:.2g}, is dashed")
        axes.set_ylim(0, 1.18 * (1.0 if bounded else most))
        axes.locator_params(axis="y", nbins=4)
        widths = [0.8 if colour == FAINT else 1.5 for colour in colours]
        dense = len(trace.values) > MOST_POINTS
        lines = [
            axes.plot(trace.time_s, scores, color=colour, linewidth=width, rasterized=dense)[0]
            for scores, colour, width in zip(trace.values.T, colours, widths, strict=True)
        ]
        axes.axhline(threshold, color=INK, linewidth=1, linestyle="--")
        _events(axes, outcome)
        shown = lines[:MOST_NAMES]
        legend = axes.legend(shown, ["?"] * len(shown), loc="lower right", bbox_to_anchor=(1, 1.02), ncols=MOST_NAMES)
        room = min(120, 700 // len(shown) - 35)
        for text, label in zip(legend.get_texts(), labels, strict=False):
            text.set_text(fitting(label, room))  # here, because a legend ignores labels that begin with "_"

    return Panel(150, draw)


def _events(axes: Axes, outcome: Outcome) -> None:
    """Detections: lines, with their labels where there is room."""
    colours = [_colour(outcome, event) for event in outcome.events]
    at = [event.time_s for event in outcome.events]
    axes.vlines(at, 0, 1, colours, transform=axes.get_xaxis_transform(), linewidth=1.2)
    _names(axes, ((event.time_s, event.label, c) for event, c in zip(outcome.events, colours, strict=True)))


def _colour(outcome: Outcome, event: Event) -> str:
    if outcome.verdict is None:
        return INK
    return BAD if event in outcome.verdict.false_alarms else GOOD


# ------------------------------------------------------------------------------------------------ what it took


def runs(outcome: Outcome, stage: Stage) -> Panel:
    """A tick a run: on a board as high as the share of its deadline that it needed, red where it missed it."""
    found = responses(outcome, stage)
    every = f"{fitting(stage.name, 200)}: a run every {float(stage.period * 1000):g} ms"

    def on_host(axes: Axes) -> None:
        at = outcome.triggers[stage]
        axes.set_title(f"{every}, {len(at):,} runs")
        axes.set_yticks([])
        _ticks(axes, at, np.ones(len(at)), COLOURS[0])

    if found is None:
        return Panel(14, on_host)
    share = found.took_s / float(stage.period) * 100
    worst, late = float(share.max(initial=0)), found.missed

    def on_board(axes: Axes) -> None:
        axes.set_title(
            f"{every}; ended after so many % of its deadline, at most {worst:.0f}%; "
            f"{len(share):,} runs, {late.sum():,} missed"
        )
        axes.set_ylim(0, 100)
        axes.set_yticks([0, 50, 100])
        _ticks(axes, found.due_s[~late], share[~late], COLOURS[0])
        _ticks(axes, found.due_s[late], np.full(late.sum(), 100.0), BAD)

    return Panel(36, on_board)


def _ticks(axes: Axes, at: Array, heights: Array, colour: str) -> None:
    """A line upwards at each place: one curve with gaps, which is quicker than a collection of lines."""
    up = np.stack([np.zeros(len(at)), heights, np.full(len(at), np.nan)], axis=1)
    axes.plot(np.repeat(at, 3), up.ravel(), color=colour, linewidth=1, rasterized=len(at) > MOST_TICKS)


def _busy(outcome: Outcome, busy: Array) -> Panel:
    starts = np.arange(len(busy) + 1) * outcome.hop_s
    share = np.append(busy, busy[-1:]) * 100

    def draw(axes: Axes) -> None:
        axes.set_title(
            f"busy, % of each {outcome.hop_s * 1000:g} ms: {busy.mean():.1%} on average, at most {busy.max():.0%}"
        )
        axes.fill_between(starts, share, step="post", color=COLOURS[0], linewidth=0, rasterized=len(busy) > MOST_TICKS)
        axes.set_ylim(0, max(100.0, float(busy.max()) * 100))
        axes.locator_params(axis="y", nbins=2)

    return Panel(60, draw)
