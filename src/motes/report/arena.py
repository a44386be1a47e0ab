"""The arena as a picture: every block by where it lies and between which calls it is alive."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from motes.plan import Life
from motes.report import svg
from motes.report.svg import GUTTER, MARGIN, WIDTH, Frame, tag, text

HEIGHT, TITLE = 240, 20
GAP = 24
"""Units between two programs."""
LINE = 13
"""Units from one line of a block's text to the next."""


def arena(lives: Sequence[Life], size: int) -> Markup:
    """Programs side by side, their calls from left to right, addresses from bottom to top."""
    programs = list(dict.fromkeys(life.program for life in lives))
    spans = {p: (min(b.first for b in lives if b.program == p), max(b.last for b in lives if b.program == p) + 1)
             for p in programs}  # fmt: skip
    room = WIDTH - GUTTER - MARGIN - GAP * max(0, len(programs) - 1)
    widest = {p: max(2.0, spans[p][1] - spans[p][0]) for p in programs}
    drawn = []
    left: float = GUTTER
    for p in programs:
        width = room * widest[p] / sum(widest.values())
        frame = Frame(left, TITLE, width, HEIGHT, *spans[p], 0, max(1, size))
        drawn.append(text(left, TITLE - 8, svg.fitting(p, width + GAP), class_="name"))
        drawn.append(tag("rect", x=left, y=TITLE, width=width, height=HEIGHT, class_="ground"))
        drawn += [_block(frame, life, i, spans[p][1] - 1) for i, life in enumerate(b for b in lives if b.program == p)]
        drawn.append(text(left + width / 2, frame.bottom + 15, _calls(*spans[p]), "middle", "faint"))
        left += width + GAP
    scale = Frame(GUTTER, TITLE, WIDTH - GUTTER - MARGIN, HEIGHT, 0, 1, 0, max(1, size))
    about = f"an arena of {size:,} bytes, {len(lives)} blocks"
    return svg.picture(TITLE + HEIGHT + 20, about, *drawn, svg.axes(scale))


def _calls(first: int, end: int) -> str:
    count = end - 1 if first < 0 else end - first
    return f"{count} call{'s' * (count != 1)}, in order"


def _block(frame: Frame, life: Life, index: int, calls: int) -> Markup:
    left, right = frame.x(life.first), frame.x(life.last + 1)
    top, bottom = frame.y(life.offset + life.size), frame.y(life.offset)
    shade = "scratch" if life.name.startswith("scratch of ") else f"c{index % 8}"
    about = f"{life.name}: {life.size:,} bytes at {life.offset:,}, {when(life, calls)}"
    box = tag(
        "rect", tag("title", about), x=left, y=top, width=right - left, height=bottom - top, class_=f"block {shade}"
    )
    words = [f"{life.size:,}"] if shade == "scratch" else [life.name, f"{life.size:,}"]
    return box + _words(words, left, top, right - left, bottom - top)


def when(life: Life, calls: int) -> str:
    """In words, when a block is alive in a program of so many calls."""
    since = "from the start" if life.first < 0 else f"from call {life.first + 1}"
    return since + (" to the end" if life.last >= calls else f" to call {life.last + 1}")


def _words(words: Sequence[str], left: float, top: float, width: float, height: float) -> Markup:
    """Lines inside of a block, whichever way there is more room for them; as many of them as go into it."""
    longest = max(map(len, words)) * svg.CHARACTER + 4
    turned = width < height and width < longest
    along, across = (height, width) if turned else (width, height)
    shown = [svg.fitting(w, along - 4) for w in words[: int((across + 2) / LINE)]]
    first = -LINE * (len(shown) - 1) / 2 + 4
    middle, centre = left + width / 2, top + height / 2
    places = [
        (middle + first + i * LINE, centre) if turned else (middle, centre + first + i * LINE)
        for i in range(len(shown))
    ]
    return Markup("").join(text(x, y, w, "middle", turned=turned) for w, (x, y) in zip(shown, places, strict=True))
