"""Pictures: SVG that can stand in any page, beside any other, whatever it is asked to write."""

from __future__ import annotations

import html.parser
import re

import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure

from motes.forms import LayerCost
from motes.plan import Life
from motes.report import bars, charts
from motes.report.arena import arena
from motes.report.pareto import pareto

HOSTILE = """</text><script>x</script> id="y" & $\\frac{1}$ %d _é\x07\n漢"""


def clipped(figure: Figure) -> None:
    axes = charts.panel(figure, 10, 80)
    axes.plot([0, 1], [0, 1], marker="o")
    axes.plot([0, 1], [1, 0], rasterized=True)
    axes.set_title(HOSTILE)


def texts(picture: str) -> str:
    found: list[str] = []
    parser = html.parser.HTMLParser()
    parser.handle_data = found.append  # type: ignore[method-assign]
    parser.feed(picture)
    return " ".join(found)


def test_a_picture_is_one_element_that_leaves_the_page_alone() -> None:
    picture = charts.picture('<"about">', 100, clipped)
    assert picture.startswith('<svg role="img" aria-label="&lt;&#34;about&#34;&gt;"') and picture.endswith("</svg>\n")
    assert not re.search(r"<(style|script|metadata|!--)", picture)
    assert "dc:date" not in picture


def test_only_ids_that_are_used_are_kept_and_no_two_pictures_share_one() -> None:
    one, same, other = (charts.picture("a", height, clipped) for height in (100, 100, 110))
    assert one == same
    ids = [set(re.findall(r'<[^<>]* id="([^"]*)"', p)) for p in (one, other)]
    assert ids[0] == set(re.findall(r'(?:url\(|href=")#([^")]+)', one)) != set()
    assert not ids[0] & ids[1]


def test_text_is_text() -> None:
    assert "".join(HOSTILE.split()) in "".join(texts(charts.picture("a", 100, clipped)).split())


def test_nothing_of_the_users_own_style_comes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = charts.picture("a", 100, clipped)
    monkeypatch.setitem(rcParams, "lines.linewidth", 9)
    assert charts.picture("a", 100, clipped) == plain
    assert rcParams["lines.linewidth"] == 9


def test_long_names_lose_their_middle_and_what_cannot_be_printed() -> None:
    assert charts.fitting("conv2d_12", 9 * charts.CHARACTER) == "conv2d_12"
    assert charts.fitting("depthwise_conv2d_12", 12 * charts.CHARACTER) == "depth…v2d_12"
    assert charts.fitting("depthwise_conv2d_12", 3 * charts.CHARACTER) == ""
    assert charts.fitting("a\n\x00b", 90) == "a  b"


def test_blocks_of_the_arena_say_what_they_are_where_there_is_room() -> None:
    lives = [Life("input", "model", 0, 900, -1, 2), Life("scratch of conv", "model", 900, 100, 1, 1),
             Life("sliver", "model", 1000, 1, 0, 9), Life("window", "hop", 0, 500, 0, 0)]  # fmt: skip
    found = texts(arena(lives, 1001))
    for words in ("model", "hop", "input", "900", "100", "9 calls, in order", "1 call, in order"):
        assert words in found.replace("\n", " "), words
    assert "sliver" not in found and "scratch" not in found


def test_of_many_layers_those_are_shown_that_take_most() -> None:
    rows = [LayerCost("s", f"layer_{i}", "CONV_2D", f"kernel_{i % 20}", 1, 1000 + i) for i in range(500)]
    found = texts(bars.cycles(rows, [f"kernel_{i}" for i in range(20)]))
    assert found.count("layer_") == bars.MOST_LAYERS
    assert "layer_499" in found and "layer_459" not in found
    assert found.count("kernel_") == len(charts.COLOURS)


def test_layers_that_take_nothing_have_no_picture() -> None:
    assert bars.cycles([LayerCost("s", "view", "RESHAPE", "none", 0, 0)], ["none"]) == ""


def test_parts_of_memory_are_named_where_their_names_fit() -> None:
    found = texts(
        bars.memory("flash", {"code": 900, "startup": 1, "total": 901}, {"code": "#111111", "startup": "#222222"})
    )
    assert "code" in found and "startup" not in found


def test_choices_that_hardly_differ_lie_together() -> None:
    made = {"cycles": 2_975_352, "flash": 34_472, "ram": 9_888}
    labels = texts(pareto([{**made, "cycles": 2_975_349}], made)).replace("\N{MINUS SIGN}", "-").split()
    across = [float(word) for word in labels if re.fullmatch(r"[\d.]+", word)][:3]  # of the first axis
    assert not [word for word in labels if "e-" in word], labels
    assert across[1] - across[0] >= 0.05 and 2.5 < across[0] < 3.0
