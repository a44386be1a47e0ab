"""A run over time: what the sensor delivered, features, scores, detections, when stages ran, how busy the core was."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from motes.application import Stage
from motes.ir import Array
from motes.judging import Event
from motes.report import svg
from motes.report.reading import features, responses, score_view
from motes.report.svg import GUTTER, MARGIN, WIDTH, Frame, tag, text
from motes.running import Outcome, Trace

INSIDE = WIDTH - GUTTER - MARGIN
COLUMNS = INSIDE
"""Points of a curve: what is denser is drawn as its extremes."""
THUMBNAILS, THUMBNAIL_PIXELS = 14, 96
GAP, TITLE = 14, 16
"""Units between two panels, and of a panel's title."""
HEAT = ((0, 0, 4), (81, 18, 124), (183, 55, 121), (252, 137, 97), (252, 253, 191))
"""Colours from least to most of a picture of features."""


class Panel(NamedTuple):
    """A part of the picture: `draw` is given its frame, all but the vertical range of which is set."""

    title: str
    height: float
    low: float
    high: float
    draw: Callable[[Frame], Markup]


def timeline(outcome: Outcome) -> Markup:
    """The whole run as one picture with one axis of time."""
    panels = list(_panels(outcome))
    seconds = outcome.duration_s
    drawn: list[Markup] = []
    top = 0.0
    for panel in panels:
        frame = Frame(GUTTER, top + TITLE, INSIDE, panel.height, 0, seconds, panel.low, panel.high)
        drawn += [text(GUTTER, top + TITLE - 5, panel.title, class_="name"), panel.draw(frame)]
        top = frame.bottom + GAP
    frame = Frame(GUTTER, 0, INSIDE, top - GAP, 0, seconds, 0, 1)
    grid = []
    for second in svg.ticks(0, seconds, 12):
        grid.append(tag("path", d=f"M{frame.x(second):.1f} {TITLE}V{frame.bottom:.1f}", class_="grid"))
        grid.append(text(frame.x(second), frame.bottom + 14, f"{second:,g} s", "middle", "faint"))
    return svg.picture(top + 8, f"{seconds:.1f} seconds of the run", *grid, *drawn)


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
        yield _runs(outcome, stage)
    if outcome.busy is not None:
        yield _busy(outcome, outcome.busy)


# ------------------------------------------------------------------------------------------------ what was sensed


def _said(outcome: Outcome, frame: Frame) -> Markup:
    """The labels, as bands with their texts where there is room."""
    found: list[Markup] = []
    free = frame.left
    for label, event in outcome.verdict.said if outcome.verdict else ():
        left, right = frame.x(label.start), frame.x(min(label.end, frame.last))
        about = f"{label.text}, {label.start:.2f} to {label.end:.2f} s: " + (
            "missed" if event is None else f"detected at {event.time_s:.2f} s"
        )
        found.append(
            tag(
                "rect",
                tag("title", about),
                x=left,
                y=frame.top,
                width=max(1.0, right - left),
                height=frame.height,
                class_="band bad" if event is None else "band good",
            )
        )
        words = svg.fitting(label.text, max(right - left, 14 * svg.CHARACTER))
        if left >= free and left + len(words) * svg.CHARACTER <= WIDTH:
            found.append(text(left + 2, frame.top + 10, words, class_="bad" if event is None else "good"))
            free = left + len(words) * svg.CHARACTER + 4
    return Markup("").join(found)


def _signal(outcome: Outcome) -> Panel:
    source = outcome.made.application.sources[0]
    item = next(r.item for r in outcome.made.application.rings if r.source is source)
    values = outcome.items.reshape(len(outcome.items), -1) * (item.scale if item.quant else 1.0)
    most = float(np.abs(values).max()) or 1.0
    seconds = outcome.duration_s
    # the busiest axis first, the others drawn over it
    order = np.argsort(-np.ptp(values, axis=0), kind="stable")

    def draw(frame: Frame) -> Markup:
        curves = []
        for i in order:
            low, high = svg.envelope(values[:, i], COLUMNS)
            at = np.linspace(0, seconds, len(low), endpoint=False)
            curves.append(svg.area(frame, at, low, high, class_=f"wave c{i}" if values.shape[1] > 1 else "wave"))
        return Markup("").join([_said(outcome, frame), *curves, svg.axes(frame)])

    titles = {
        "microphone": "microphone, full scale 1",
        "accelerometer": "accelerometer, m/s²: x blue, y amber, z green",
    }
    return Panel(titles.get(source.kind, source.kind), 120, -most, most, draw)


def _camera(outcome: Outcome) -> Iterator[Panel]:
    frames = outcome.items
    rate = float(outcome.made.application.sources[0].records_per_s)
    side = INSIDE / THUMBNAILS
    height = side * frames.shape[1] / frames.shape[2]

    def strip(frame: Frame) -> Markup:
        middles = (np.arange(THUMBNAILS) + 0.5) * len(frames) / THUMBNAILS
        pictures = [_thumbnail(frames[int(i)]) for i in middles]
        return svg.raster(frame, svg.png(np.concatenate(pictures, axis=1)), smooth=True)

    yield Panel(f"camera: {THUMBNAILS} of {len(frames):,} frames", height, 0, 1, strip)
    change = np.zeros(len(frames))
    for i, (before, after) in enumerate(itertools.pairwise(frames), 1):
        change[i] = np.abs(after.astype(np.int16) - before).mean()

    def moves(frame: Frame) -> Markup:
        curve = svg.line(frame, np.arange(len(frames)) / rate, change, class_="curve")
        return Markup("").join([_said(outcome, frame), curve, svg.axes(frame, 3)])

    yield Panel("mean change from frame to frame, grey levels", 80, 0, float(change.max()) or 1.0, moves)


def _thumbnail(frame: Array) -> Array:
    step = max(1, -(-max(frame.shape) // THUMBNAIL_PIXELS))
    return frame[::step, ::step]


def _features(trace: Trace) -> Panel:
    bounds = svg.stretches(len(trace.values), COLUMNS)
    counts = np.diff(bounds, append=len(trace.values))[:, None]
    means = np.add.reduceat(trace.values, bounds, axis=0) / counts
    low, high = float(means.min()), float(means.max())
    levels = np.rint((means - low) / ((high - low) or 1) * 255).astype(np.uint8)

    def draw(frame: Frame) -> Markup:
        left, right = frame.x(float(trace.time_s[0])), frame.x(float(trace.time_s[-1]))
        inner = Frame(left, frame.top, max(1.0, right - left), frame.height, 0, 1, 0, 1)
        return svg.raster(inner, svg.png(levels.T[::-1], _palette())) + svg.axes(frame, 3)

    title = f"features of {trace.tensor.name}: {trace.values.shape[1]} a vector, dark {low:.3g} to light {high:.3g}"
    return Panel(title, 100, 0, trace.values.shape[1], draw)


def _palette() -> list[int]:
    at = np.linspace(0, len(HEAT) - 1, 256)
    colours = np.array(HEAT)
    return [round(float(v)) for x in at for v in (np.interp(x, range(len(HEAT)), colours[:, i]) for i in range(3))]


# ------------------------------------------------------------------------------------------------ what was decided


def _scores(outcome: Outcome) -> Panel:
    view = score_view(outcome)
    if view is None:
        return Panel("detections", 60, 0, 1, lambda frame: _events(outcome, frame) + svg.axes(frame, 1))
    trace, labels, threshold, known = view
    most = max(float(trace.values.max()), threshold) * 1.05
    bounded = trace.values.shape[1] > 1 or most <= 1.06  # scores of a classifier
    title = f"scores; the threshold, {threshold:.2g}, is dashed"

    def draw(frame: Frame) -> Markup:
        parts = [_events(outcome, frame)]
        for i, label in enumerate(labels):
            shade = f"c{i % 8}" if label in known else "background"
            parts.append(_curve(frame, trace.time_s, trace.values[:, i], f"curve {shade}"))
        y = frame.y(threshold)
        parts.append(tag("path", d=f"M{frame.left:.1f} {y:.1f}H{frame.right:.1f}", class_="limit"))
        at = frame.left + (len(title) + 3) * svg.CHARACTER
        for i, label in enumerate(labels):
            words = svg.fitting(label, 120)
            shade = f"c{i % 8}" if label in known else "background"
            parts.append(tag("path", d=f"M{at:.1f} {frame.top - 9:.1f}h12", class_=f"key {shade}"))
            parts.append(text(at + 15, frame.top - 5, words))
            at += 27 + len(words) * svg.CHARACTER
        return Markup("").join([*parts, svg.axes(frame)])

    return Panel(title, 150, 0, 1.0 if bounded else most, draw)


def _curve(frame: Frame, at: Array, values: Array, class_: str) -> Markup:
    """A line, or where points are denser than columns, the band that it fills."""
    if len(values) <= 2 * COLUMNS:
        return svg.line(frame, at, values, class_=class_)
    low, high = svg.envelope(values, COLUMNS)
    return svg.area(frame, at[svg.stretches(len(values), COLUMNS)], low, high, class_=f"wave {class_}")


def _events(outcome: Outcome, frame: Frame) -> Markup:
    """Detections: lines, with their labels where there is room."""
    found: list[Markup] = []
    free = frame.left
    for event in outcome.events:
        x, kind = frame.x(event.time_s), _kind(outcome, event)
        about = f"{event.label} at {event.time_s:.3f} s, score {event.score:.3f}"
        found.append(
            tag("path", tag("title", about), d=f"M{x:.1f} {frame.top:.1f}V{frame.bottom:.1f}", class_=f"event {kind}")
        )
        words = svg.fitting(event.label, 90)
        if x >= free and x + 3 + len(words) * svg.CHARACTER <= WIDTH:
            found.append(text(x + 3, frame.top + 9, words, class_=kind))
            free = x + 5 + len(words) * svg.CHARACTER
    return Markup("").join(found)


def _kind(outcome: Outcome, event: Event) -> str:
    if outcome.verdict is None:
        return ""
    return "bad" if event in outcome.verdict.false_alarms else "good"


# ------------------------------------------------------------------------------------------------ what it took


def _runs(outcome: Outcome, stage: Stage) -> Panel:
    """A tick a run: on a board as high as the share of its deadline that it needed, red where it missed it."""
    found = responses(outcome, stage)
    every = f"{stage.name}: a run every {float(stage.period * 1000):g} ms"
    if found is None:
        at = next((t.time_s for t in outcome.traces if t.stage is stage), np.zeros(0))
        return Panel(f"{every}, {len(at):,} runs", 14, 0, 1, lambda frame: _ticks(frame, at, np.ones(len(at)), "run"))
    share = found.took_s / float(stage.period) * 100
    worst, missed = float(share.max(initial=0)), int(found.missed.sum())
    title = (
        f"{every}; ended after so many % of its deadline, at most {worst:.0f}%; {len(share):,} runs, {missed:,} missed"
    )

    def draw(frame: Frame) -> Markup:
        late = found.missed
        ticks = _ticks(frame, found.due_s, share, "run")
        misses = _ticks(frame, found.due_s[late], np.full(int(late.sum()), frame.high), "run bad")
        return ticks + misses + svg.axes(frame, 2)

    return Panel(title, 36, 0, 100, draw)


def _ticks(frame: Frame, at: Array, heights: Array, class_: str) -> Markup:
    """A line upwards at each place; where several fall into one column, the highest of them."""
    if not len(at):
        return Markup()
    columns = np.rint(frame.xs(at) - frame.left).astype(int)
    highest = np.full(columns.max() + 1, -1.0)
    np.maximum.at(highest, columns, heights)
    shown = np.flatnonzero(highest >= 0)
    tops = frame.ys(highest[shown])
    lines = "".join(f"M{frame.left + x:g} {frame.bottom:g}V{y:.1f}" for x, y in zip(shown, tops, strict=True))
    return tag("path", d=lines, class_=class_)


def _busy(outcome: Outcome, busy: Array) -> Panel:
    """The share of each hop; where hops are denser than columns, the mean and the most of a whole number of periods."""
    longest = outcome.made.application.stages[-1].period
    periods = max(1, round(float(longest) / outcome.hop_s))
    each = 1 if len(busy) <= COLUMNS else periods * -(-len(busy) // (COLUMNS * periods))
    starts = np.arange(0, len(busy), each)
    counts = np.diff(starts, append=len(busy))
    most, mean = np.maximum.reduceat(busy, starts) * 100, np.add.reduceat(busy, starts) / counts * 100
    edges = np.minimum(np.repeat(np.r_[starts, len(busy)] * outcome.hop_s, 2)[1:-1], outcome.duration_s)
    title = f"busy, % of each {outcome.hop_s * 1000:g} ms: {busy.mean():.1%} on average, at most {busy.max():.0%}"

    def draw(frame: Frame) -> Markup:
        bottom = np.zeros(len(edges))
        light = svg.area(frame, edges, bottom, np.repeat(most, 2), class_="wave most c0")
        return light + svg.area(frame, edges, bottom, np.repeat(mean, 2), class_="wave c0") + svg.axes(frame, 2)

    return Panel(title, 60, 0, max(100.0, float(most.max())), draw)
