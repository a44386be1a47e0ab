"""How the windows of a convolution lie in memory: the geometry of `conv_s8_dsp.h`."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from motes.ir import Node
from motes.ops.conv.window import Window

SMALL_IMAGE = 1024
"""Bytes of a padded image that is worth copying together whole, so that no window needs care at the edges."""


@dataclass(frozen=True)
class View:
    """A convolution as its kernel goes about it; lengths in pixels, a window is rows x columns runs of pixels."""

    batches: int
    in_h: int
    in_w: int
    in_ch: int
    out_h: int
    out_w: int
    out_ch: int
    filter_h: int
    filter_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    pad_top: int
    pad_bottom: int
    pad_left: int
    pad_right: int
    # The input where in_h x in_w is a padded copy of it, and where it lies in there; else 0.
    raw_h: int = 0
    raw_w: int = 0
    raw_top: int = 0
    raw_left: int = 0

    @property
    def columns(self) -> int:
        """Runs side by side: one where the pixels of a row of the window lie together."""
        return 1 if self.dilation_w == 1 else self.filter_w

    @property
    def run_pixels(self) -> int:
        """Pixels of a run."""
        return self.filter_w // self.columns

    @property
    def pads(self) -> bool:
        """Whether a window can reach outside."""
        return any((self.pad_top, self.pad_bottom, self.pad_left, self.pad_right))

    @property
    def reach_w(self) -> int:
        """Columns from the first of a window to its last."""
        return (self.filter_w - 1) * self.dilation_w + 1

    @property
    def copied(self) -> int:
        """Bytes of what is copied before it is expanded: an image, four windows, or nothing."""
        if self.raw_h:
            return round_up(self.in_h * self.in_w * self.in_ch)
        return round_up(self.filter_h * self.copied_down)

    @property
    def copied_down(self) -> int:
        """Bytes of a row of four windows, one behind another, with what lies between those in the same row; 0: none is
        copied."""
        widest = 0
        if not self.pads:
            return 0
        for first in [4] if self.out_w % 4 == 0 else range(1, min(self.out_w, 4) + 1):
            parts = [first]
            while sum(parts) < 4:
                parts.append(min(self.out_w, 4 - sum(parts)))
            widest = max(widest, sum((n - 1) * self.stride_w + self.reach_w for n in parts))
        return widest * self.in_ch

    @property
    def gathered(self) -> int:
        """Rows of windows that are copied, four side by side: of those that do not lie inside, and of their
        neighbours."""
        if not self.pads or self.raw_h:
            return 0
        down, across = self.dilation_h * (self.filter_h - 1) + 1, self.reach_w
        tops = range(-self.pad_top, self.out_h * self.stride_h - self.pad_top, self.stride_h)
        high = sum(0 <= top <= self.in_h - down for top in tops)
        first = 4 * -(-self.pad_left // (4 * self.stride_w))  # that is not copied with those at the left edge
        last = (self.in_w - across + self.pad_left) // self.stride_w  # that lies inside
        within = max(0, min(self.out_w, last + 1) - first) // 4 * 4
        return self.filter_h * -(-(self.out_h * self.out_w - high * within) // 4)

    @property
    def pairs(self) -> tuple[tuple[int, int | None], ...]:
        """Indices into the weights of a channel for each step: the low and the high halfword; None: nothing there."""
        length = self.run_pixels * self.in_ch
        starts = range(0, self.filter_h * self.filter_w * self.in_ch, length)
        return tuple((s + i, None if j is None else s + j) for s in starts for i, j in run_pairs(length))

    @property
    def params(self) -> dict[str, int]:
        """The fields of `conv_s8_dsp_params` that say where things lie."""
        names = (
            *("batches", "in_h", "in_w", "in_ch", "out_h", "out_w", "out_ch", "stride_h", "stride_w", "dilation_h"),
            *("pad_top", "pad_left", "raw_h", "raw_w", "raw_top", "raw_left", "filter_h", "reach_w", "columns"),
        )
        return {
            **{name: getattr(self, name) for name in names},
            "run": self.run_pixels * self.in_ch,
            "across": self.dilation_w * self.in_ch,
            "down": self.dilation_h * self.in_w * self.in_ch,
            "copied_down": self.copied_down,
        }


def round_up(size: int) -> int:
    """To whole words."""
    return -(-size // 4) * 4


def run_pairs(length: int) -> Iterator[tuple[int, int | None]]:
    """The pairs of bytes that conv_fours_s8_dsp.h makes of a run."""
    whole = length - length % 4
    for i in range(0, whole, 4):
        yield i, i + 2
        yield i + 1, i + 3
    if length % 4 == 3:
        yield whole, whole + 2
        yield whole + 1, None
    elif length % 4:
        yield whole, whole + 1 if length % 4 == 2 else None


@functools.lru_cache(maxsize=256)
def look(node: Node) -> View:
    """The simplest view of the node: where a window is one pixel, at stride 1, all pixels of all images are one row."""
    assert isinstance(node.op, Window), node
    view = View(**node.op.geometry(node))
    if (view.filter_h, view.filter_w, view.stride_h, view.stride_w) == (1, 1, 1, 1) and not view.pads:
        pixels = view.batches * view.in_h * view.in_w
        return replace(view, batches=1, in_h=1, in_w=pixels, out_h=1, out_w=pixels)
    high, wide = view.pad_top + view.in_h + view.pad_bottom, view.pad_left + view.in_w + view.pad_right
    if view.pads and view.dilation_h == 1 and high * wide * view.in_ch <= SMALL_IMAGE:
        raw = {"raw_h": view.in_h, "raw_w": view.in_w, "raw_top": view.pad_top, "raw_left": view.pad_left}
        return replace(view, in_h=high, in_w=wide, pad_top=0, pad_bottom=0, pad_left=0, pad_right=0, **raw)
    return view
