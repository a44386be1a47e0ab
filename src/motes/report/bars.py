"""Sizes and cycles as bars: memory by part, cycles by layer and kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from motes.forms import LayerCost
from motes.report import charts
from motes.report.charts import CHARACTER, COLOURS, FAINT, INK, MARGIN, WIDTH, fitting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEMORY_WIDTH, MEMORY_HEIGHT = 540, 24
NAMES = 220
"""Units for the names of layers."""
ROW, FOOT = 17, 4
KEYS = 4
"""Kernels in a row of those that explain the colours."""
MOST_LAYERS = 40
"""Of a picture; a table has all."""


def memory(what: str, parts: Mapping[str, int], colours: Mapping[str, str]) -> Markup:
    """One bar of all parts, "total" left out, one behind the other."""
    total = max(1, parts["total"])

    def draw(figure: Figure) -> None:
        axes = charts.panel(figure, 0, MEMORY_HEIGHT, 0, MEMORY_WIDTH)
        axes.set_xlim(0, total)
        axes.set_axis_off()
        start = 0
        for name, size in parts.items():
            if name != "total":
                axes.barh(0, size, 1, start, color=colours[name], linewidth=0)
                if len(name) * CHARACTER < size / total * MEMORY_WIDTH - 8:
                    axes.text(start + size / 2, 0, name, ha="center", va="center_baseline", color="white")
                start += size

    return charts.picture(f"{what}: {total:,} bytes by part", MEMORY_HEIGHT, draw, MEMORY_WIDTH)


def cycles(rows: Sequence[LayerCost], kernels: Sequence[str]) -> Markup:
    """A bar for each layer, in the colour of its kernel; of many layers, those that take most.

    Args:
        kernels: all that the page knows, so that each has the same colour everywhere.
    """
    most = sorted(range(len(rows)), key=lambda i: -rows[i].cycles)[:MOST_LAYERS]
    shown = [rows[i] for i in sorted(most) if rows[i].cycles]
    total = sum(r.cycles for r in rows)
    colours = dict(zip(kernels, COLOURS, strict=False))
    used = [k for k in colours if any(r.kernel == k for r in shown)]
    if not shown:
        return Markup()
    top, height = ROW * -(-len(used) // KEYS) + 10, ROW * len(shown)

    def draw(figure: Figure) -> None:
        from matplotlib.patches import Patch

        axes = charts.panel(figure, top, height, NAMES, WIDTH - NAMES - MARGIN)
        at = range(len(shown))
        bars = axes.barh(at, [r.cycles for r in shown], 0.72, color=[colours.get(r.kernel, FAINT) for r in shown])
        axes.bar_label(bars, [f"{r.cycles:,}, {r.cycles / total:.1%}" for r in shown], padding=5)
        axes.set_yticks(at, [fitting(r.name, NAMES - 10) for r in shown])
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.set_xlim(0, 1.2 * max(r.cycles for r in shown))
        axes.set_xticks([])
        axes.spines[:].set_visible(False)
        keys = [Patch(color=colours[k]) for k in used]
        axes.legend(keys, used, loc="lower left", bbox_to_anchor=(0, 1 + 6 / height), ncols=KEYS)

    return charts.picture(f"cycles of {len(shown)} of {len(rows)} layers", top + height + FOOT, draw)
