"""The vocabulary of pictures."""

from __future__ import annotations

import numpy as np
import pytest

from motes.report import svg
from motes.report.svg import Frame, tag


def test_text_and_attributes_are_escaped_and_elements_are_not():
    found = tag("text", tag("title", "<b>"), "a & b", class_="c", text_anchor="\"'>", x=1.25, y=3.0, fill=None)
    assert found == (
        '<text class="c" text-anchor="&#34;&#39;&gt;" x="1.2" y="3"><title>&lt;b&gt;</title>a &amp; b</text>'
    )


@pytest.mark.parametrize(
    ("low", "high", "wanted", "found"),
    [
        (0, 1, 4, [0, 0.5, 1]),
        (0, 100, 2, [0, 50, 100]),
        (-0.7, 0.7, 4, [-0.5, 0, 0.5]),
        (0, 75, 12, [0, 10, 20, 30, 40, 50, 60, 70]),
        (0, 5264, 4, [0, 2000, 4000]),
        (3, 3, 4, [3]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, wanted: int, found: list[float]):
    assert svg.ticks(low, high, wanted) == pytest.approx(found)


@pytest.mark.parametrize("count", [1, 7, 999, 1000, 1001, 50_000])
def test_an_envelope_misses_no_extreme(count: int):
    values = np.random.default_rng(count).standard_normal(count)
    low, high = svg.envelope(values, 1000)
    assert len(low) == len(high) == min(count, 1000)
    assert (low.min(), high.max()) == (values.min(), values.max())
    assert (low <= high).all()


def test_long_names_lose_their_middle():
    assert svg.fitting("conv2d_12", 9 * svg.CHARACTER) == "conv2d_12"
    assert svg.fitting("depthwise_conv2d_12", 12 * svg.CHARACTER) == "depth…v2d_12"
    assert svg.fitting("depthwise_conv2d_12", 3 * svg.CHARACTER) == ""


def test_a_frame_keeps_what_is_beyond_at_its_edge():
    frame = Frame(left=10, top=20, width=100, height=50, first=0, last=2, low=-1, high=1)
    assert (frame.x(1), frame.y(0), frame.y(9), frame.y(-9)) == (60, 45, 20, 70)
    assert (
        svg.line(frame, np.array([0.0, 2.0]), np.array([-1.0, 5.0])) == '<path d="M10 70l100 -50 " fill="none"></path>'
    )
