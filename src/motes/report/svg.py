"""Pictures as inline SVG. Colours, fonts and dark mode are the page's style; a picture is geometry and classes.

Nothing has an id, so that any number of reports can stand in one notebook.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape

from motes.ir import Array

WIDTH = 1100
"""Units, about pixels, from edge to edge of every picture."""
GUTTER, MARGIN = 62, 8
"""Left of the frames, for the labels of their axes; right of them."""
CHARACTER = 6.2
"""Mean width of a character, in the page's 11 px text, with something to spare."""


def tag(name: str, *children: str, **attributes: object) -> Markup:
    """An element. Plain text and attributes are escaped; a trailing "_" of a name falls, any other becomes "-"."""
    written = [
        f' {key.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
        for key, value in attributes.items()
        if value is not None
    ]
    return Markup(f"<{name}{''.join(written)}>{''.join(map(escape, children))}</{name}>")


def _short(value: object) -> object:
    """Coordinates to a tenth of a unit."""
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, (float, np.floating)) else value


def picture(height: float, about: str, *children: str) -> Markup:
    """A whole picture; `about` says in words what it shows."""
    box = f"0 0 {WIDTH} {_short(float(height))}"
    return tag("svg", *children, viewBox=box, role="img", aria_label=about)


def text(
    x: float, y: float, words: str, anchor: str = "start", class_: str | None = None, turned: bool = False
) -> Markup:
    """Words at a point of their baseline; `turned` runs them upwards."""
    return tag(
        "text", words, x=x, y=y, text_anchor=None if anchor == "start" else anchor, class_=class_,
        transform=f"rotate(-90 {_short(float(x))} {_short(float(y))})" if turned else None,
    )  # fmt: skip


def fitting(words: str, room: float) -> str:
    """The words without so much of their middle that the rest goes into so many units; none where hardly any would."""
    most = int(room / CHARACTER)
    if len(words) <= most:
        return words
    return f"{words[: most // 2 - 1]}…{words[len(words) - (most - most // 2) :]}" if most >= 4 else ""


@dataclass(frozen=True)
class Frame:
    """A rectangle of a picture, `left` by `top` and `width` by `height` units, and the values at its edges."""

    left: float
    top: float
    width: float
    height: float
    first: float
    last: float
    low: float
    high: float

    @property
    def right(self) -> float:
        """The right edge, in units."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The lower edge, in units."""
        return self.top + self.height

    def x(self, value: float) -> float:
        """Where a value of the horizontal axis lies."""
        return self.left + (value - self.first) / ((self.last - self.first) or 1) * self.width

    def y(self, value: float) -> float:
        """Where a value of the vertical axis lies, at the edge if it is beyond."""
        share = (value - self.low) / ((self.high - self.low) or 1)
        return self.bottom - min(1.0, max(0.0, share)) * self.height

    def xs(self, values: Array) -> Array:
        """`x` of each."""
        return self.left + (values - self.first) / ((self.last - self.first) or 1) * self.width

    def ys(self, values: Array) -> Array:
        """`y` of each."""
        share = np.clip((values - self.low) / ((self.high - self.low) or 1), 0, 1)
        return np.asarray(self.bottom - share * self.height)


def axes(frame: Frame, wanted: int = 4) -> Markup:
    """The vertical axis: its line, about so many ticks, and their labels."""
    found = [
        tag(
            "path",
            d=f"M{_short(frame.left)} {_short(frame.top)}V{_short(frame.bottom)}H{_short(frame.right)}",
            class_="axis",
        )
    ]
    for value in ticks(frame.low, frame.high, wanted):
        found.append(text(frame.left - 5, frame.y(value) + 3.5, f"{value:,.10g}", "end", "faint"))
        found.append(tag("path", d=f"M{_short(frame.left - 3)} {_short(frame.y(value))}h3", class_="axis"))
    return Markup("").join(found)


def ticks(low: float, high: float, wanted: int) -> list[float]:
    """Round numbers from `low` to `high`: 1, 2 or 5 times a power of ten apart, at most `wanted` and one."""
    if not high > low:
        return [low]
    rough = (high - low) / max(1, wanted)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough * (1 - 1e-9))
    return [i * step for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def line(frame: Frame, across: Array, up: Array, **attributes: object) -> Markup:
    """A line through points."""
    return tag("path", d=_path(frame.xs(across), frame.ys(up)), fill="none", **attributes)


def area(frame: Frame, across: Array, low: Array, high: Array, **attributes: object) -> Markup:
    """What lies between two lines over the same places."""
    x = frame.xs(across)
    return tag("path", d=_path(np.r_[x, x[::-1]], frame.ys(np.r_[high, low[::-1]])) + "Z", **attributes)


def _path(x: Array, y: Array) -> str:
    """Through all points, each but the first by its distance from the one before, in whole tenths: no error adds up."""
    points = np.rint(np.stack([x, y], axis=1) * 10).astype(int)
    if not len(points):
        return "M0 0"
    steps = np.diff(points, axis=0)
    rest = "".join(f"{dx / 10:g} {dy / 10:g} " for dx, dy in steps)
    return (
        f"M{points[0][0] / 10:g} {points[0][1] / 10:g}l{rest}"
        if rest
        else f"M{points[0][0] / 10:g} {points[0][1] / 10:g}"
    )


def envelope(values: Array, columns: int) -> tuple[Array, Array]:
    """The least and the greatest value in each of at most `columns` stretches, equal in length."""
    edges = stretches(len(values), columns)
    return np.minimum.reduceat(values, edges), np.maximum.reduceat(values, edges)


def stretches(count: int, columns: int) -> Array:
    """Where each of at most `columns` stretches of `count` values begins."""
    return np.arange(min(count, columns)) * count // max(1, min(count, columns))


def png(pixels: Array, palette: Sequence[int] | None = None) -> str:
    """A data URL of uint8 (height, width): grey, or indices into `palette`, r, g, b one behind the other."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels))
    if palette is not None:
        image.putpalette(palette)
    data = io.BytesIO()
    image.save(data, "png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(data.getvalue()).decode()


def raster(frame: Frame, url: str, smooth: bool = False) -> Markup:
    """An image that fills a frame."""
    return tag(
        "image", href=url, x=frame.left, y=frame.top, width=frame.width, height=frame.height,
        preserveAspectRatio="none", class_=None if smooth else "pixels",
    )  # fmt: skip
