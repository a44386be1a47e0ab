"""Choices of kernels: flash and RAM against cycles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from motes.report import charts
from motes.report.charts import COLOURS, GUTTER, INK, WIDTH

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEIGHT, TOP, FOOT, BETWEEN = 260, 10, 44, 90
NARROWEST = 0.2
"""Of its middle, that an axis spans at least: what hardly differs lies together."""
ROOM = 0.08
"""Of its span, that an axis goes on at both ends."""


def pareto(points: Sequence[Mapping[str, Any]], chosen: Mapping[str, int]) -> Markup:
    """Two panels, flash and RAM in KB against millions of cycles: a dot a choice, the chosen one ringed.

    Args:
        points: "cycles", "flash" and "ram" of each choice.
        chosen: the same of the build.
    """
    width = (WIDTH - 2 * GUTTER - BETWEEN) / 2

    def draw(figure: Figure) -> None:
        for i, what in enumerate(("flash", "ram")):
            axes = charts.panel(figure, TOP, HEIGHT - TOP - FOOT, GUTTER + i * (width + BETWEEN), width)
            axes.plot([p["cycles"] / 1e6 for p in points], [p[what] / 1e3 for p in points], "o", color=COLOURS[i])
            axes.plot(
                chosen["cycles"] / 1e6, chosen[what] / 1e3, "o", color=INK, markersize=13, fillstyle="none", mew=1.5
            )
            axes.set_xlabel("million cycles")
            axes.set_ylabel(f"{what if what == 'flash' else 'RAM'}, KB")
            axes.ticklabel_format(useOffset=False)
            axes.set_xlim(_limits([p["cycles"] / 1e6 for p in (*points, chosen)]))
            axes.set_ylim(_limits([p[what] / 1e3 for p in (*points, chosen)]))
            axes.spines[["top", "right"]].set_visible(False)

    return charts.picture("choices of kernels: flash and RAM against cycles; the chosen one is ringed", HEIGHT, draw)


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """From where to where an axis of these values goes."""
    middle = (min(values) + max(values)) / 2
    half = max(max(values) - middle, NARROWEST / 2 * middle) * (1 + 2 * ROOM)
    return middle - half, middle + half
