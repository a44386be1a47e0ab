"""The look of a report's pictures, which matplotlib draws: colours, type, and SVG that can stand in any page.

matplotlib is imported when a picture is drawn, not before: it takes longer than all else that a command needs.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 1100
"""Of a picture that goes across a page. All lengths are units, about pixels; so are points of type."""
GUTTER, MARGIN = 62, 8
"""Left of the axes, for their labels; right of them."""
CHARACTER = 6.7
"""Mean width of a character of 11 units, with something to spare."""

COLOURS = ("#2563eb", "#d97706", "#059669", "#db2777", "#7c3aed", "#0891b2", "#65a30d", "#b45309")
INK, FAINT, EDGE = "#0f172a", "#64748b", "#e2e8f0"
GOOD, BAD = "#047857", "#dc2626"

STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "motes",
    "text.parse_math": False,
    "text.color": INK,
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11,
    "figure.dpi": 72,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": FAINT,
    "axes.linewidth": 0.7,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 5,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.xmargin": 0,
    "axes.ymargin": 0,
    "grid.color": EDGE,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.borderpad": 0,
    "legend.borderaxespad": 0,
    "legend.fontsize": 11,
    "legend.handlelength": 1.2,
    "legend.handletextpad": 0.5,
    "lines.linewidth": 1.5,
    "lines.solid_capstyle": "butt",
    "path.simplify_threshold": 1,  # a pixel: a minute of sound is drawn in a quarter of a second
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
}
RASTER_DPI = 144
"""Of what is too dense for lines of SVG: two pixels a unit."""

TAG = re.compile(r"<[^<>]+>")
ID = re.compile(r' id="([^"]*)"')
REFERENCE = re.compile(r'(url\(#|href="#)([^")]+)')


def picture(about: str, height: float, draw: Callable[[Figure], None], width: float = WIDTH) -> Markup:
    """What `draw` puts on an empty figure, as an SVG element; `about` says in words what it shows."""
    from matplotlib import style
    from matplotlib.figure import Figure

    written = io.StringIO()
    with style.context(["default", STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # the browser has other fonts
        figure = Figure(figsize=(width / 72, height / 72))
        draw(figure)
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(written, format="svg", dpi=RASTER_DPI, metadata=nothing)
    return _element(written.getvalue(), about)


def panel(
    figure: Figure, top: float, height: float, left: float = GUTTER, width: float = WIDTH - GUTTER - MARGIN
) -> Axes:
    """Axes whose frame is at a place of the figure, from its upper left corner."""
    across, down = figure.get_size_inches() * 72
    return figure.add_axes((left / across, 1 - (top + height) / down, width / across, height / down))


def fitting(words: str, room: float) -> str:
    """The words without so much of their middle that the rest goes into so many units; none where hardly any would."""
    words = "".join(c if c.isprintable() else " " for c in words)
    most = int(room / CHARACTER)
    if len(words) <= most:
        return words
    return f"{words[: most // 2 - 1]}…{words[len(words) - (most - most // 2) :]}" if most >= 4 else ""


def _element(document: str, about: str) -> Markup:
    """An SVG document as an element of a page: only ids that are referred to, and none that another picture has.

    Text never matches `TAG`: its angle brackets are escaped.
    """
    document = document[document.index("<svg") :]
    document = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", document, count=1, flags=re.DOTALL)
    own = f"m{hashlib.sha256(document.encode()).hexdigest()[:12]}-"
    used = {name for tag in TAG.findall(document) for _, name in REFERENCE.findall(tag)}

    def rename(tag: re.Match[str]) -> str:
        kept = ID.sub(lambda m: f' id="{own}{m[1]}"' if m[1] in used else "", tag[0])
        return REFERENCE.sub(rf"\g<1>{own}\g<2>", kept)

    head = f'<svg role="img" aria-label="{escape(about)}"'
    return Markup(head + TAG.sub(rename, document)[len("<svg") :])
