"""The arena as a picture: every block by where it lies and between which calls it is alive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from motes.plan import Life
from motes.report import charts
from motes.report.charts import CHARACTER, COLOURS, FAINT, GUTTER, MARGIN, WIDTH, fitting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT, TITLE, FOOT = 240, 20, 20
GAP = 24
"""Units between two programs."""
LINE = 14
"""Units from one line of a block's text to the next."""
MOST_BLOCKS = 400
"""More of one program are pixels rather than SVG."""


def arena(lives: Sequence[Life], size: int) -> Markup:
    """Programs side by side, their calls from left to right, addresses from bottom to top."""
    programs = {life.program: [b for b in lives if b.program == life.program] for life in lives}
    spans = {name: (min(b.first for b in own), max(b.last for b in own) + 1) for name, own in programs.items()}
    lengths = {name: max(2, end - first) for name, (first, end) in spans.items()}
    room = WIDTH - GUTTER - MARGIN - GAP * (len(programs) - 1)

    def draw(figure: Figure) -> None:
        left: float = GUTTER
        for name, own in programs.items():
            width = room * lengths[name] / sum(lengths.values())
            axes = charts.panel(figure, TITLE, HEIGHT, left, width)
            axes.set_facecolor((FAINT, 0.06))
            axes.set_title(fitting(name, width + GAP))
            axes.set_xlim(*spans[name])
            axes.set_ylim(0, max(1, size))
            axes.set_xlabel(_calls(*spans[name]), color=FAINT)
            axes.set_xticks([])
            axes.yaxis.set_major_formatter("{x:,.10g}")
            axes.locator_params(axis="y", nbins=5, integer=True)
            if left > GUTTER:
                axes.set_yticks([])
            _blocks(axes, own, width)
            left += width + GAP

    about = f"an arena of {size:,} bytes, {len(lives)} blocks"
    return charts.picture(about, TITLE + HEIGHT + FOOT, draw)


def _calls(first: int, end: int) -> str:
    count = end - 1 if first < 0 else end - first
    return f"{count} call{'s' * (count != 1)}, in order"


def when(life: Life, calls: int) -> str:
    """In words, when a block is alive in a program of so many calls."""
    since = "from the start" if life.first < 0 else f"from call {life.first + 1}"
    return since + (" to the end" if life.last >= calls else f" to call {life.last + 1}")


def _blocks(axes: Axes, lives: Sequence[Life], width: float) -> None:
    scratch = [life.name.startswith("scratch of ") for life in lives]
    colours = [FAINT if s else COLOURS[i % len(COLOURS)] for i, s in enumerate(scratch)]
    calls = [life.last + 1 - life.first for life in lives]
    axes.bar(
        [b.first for b in lives], [b.size for b in lives], calls, [b.offset for b in lives], align="edge",
        color=[(c, 0.3) for c in colours], edgecolor=colours, linewidth=1, rasterized=len(lives) > MOST_BLOCKS,
    )  # fmt: skip
    first, end = axes.get_xlim()
    for life, long, nameless in zip(lives, calls, scratch, strict=True):
        words = [f"{life.size:,}"] if nameless else [life.name, f"{life.size:,}"]
        across, up = long / (end - first) * width, life.size / axes.get_ylim()[1] * HEIGHT
        shown, turned = _inside(words, across, up)
        if shown:
            axes.text(
                life.first + long / 2, life.offset + life.size / 2, "\n".join(shown), ha="center", va="center",
                rotation=90 if turned else 0,
            )  # fmt: skip


def _inside(words: Sequence[str], width: float, height: float) -> tuple[list[str], bool]:
    """As many lines as go into a block, and whether they run upwards: whichever way there is more room for them."""
    longest = max(map(len, words)) * CHARACTER + 4
    turned = width < height and width < longest
    along, across = (height, width) if turned else (width, height)
    return [short for w in words[: int((across + 2) / LINE)] if (short := fitting(w, along - 4))], turned
