"""What begins, ends, strides and masks of STRIDED_SLICE mean, axis by axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Masks:
    """Bit i of each speaks of entry i of the begins, ends and strides; `offset`: ends count from begins."""

    begin: int = 0
    end: int = 0
    ellipsis: int = 0
    new_axis: int = 0
    shrink: int = 0
    offset: bool = False


@dataclass(frozen=True)
class Part:
    """What is taken of one axis: `size` elements from `start` on, `stride` apart.

    `removed`: the output lacks the axis. `added`: the input does.
    """

    start: int
    size: int
    stride: int = 1
    removed: bool = False
    added: bool = False


def parts(
    shape: Sequence[int], begin: Sequence[int], end: Sequence[int], strides: Sequence[int], masks: Masks
) -> list[Part]:
    """The parts of all axes of `shape`, and of those that are new, in order.

    Raises:
        ValueError: the entries contradict themselves, or point outside; the text says how.
    """
    ellipses = [i for i in range(len(begin)) if masks.ellipsis >> i & 1]
    if len(ellipses) > 1:
        raise ValueError("takes the axes that are left twice")
    # What is both is an ellipsis.
    new = [i for i in range(len(begin)) if masks.new_axis >> i & 1 and i not in ellipses]
    left = len(shape) - (len(begin) - len(new) - len(ellipses))
    if left < 0:
        raise ValueError(f"cuts along {len(shape) - left} axes, but there are only {len(shape)}")
    found: list[Part] = []
    axis = 0
    for i in range(len(begin)):
        if i in ellipses:
            found += [Part(0, size) for size in shape[axis : axis + left]]
            axis += left
        elif i in new:
            found.append(Part(0, 1, added=True))
        else:
            found.append(_part(shape[axis], i, begin[i], end[i], strides[i], masks))
            axis += 1
    return [*found, *(Part(0, size) for size in shape[axis:])]


def _part(size: int, entry: int, begin: int, end: int, stride: int, masks: Masks) -> Part:
    if stride == 0:
        raise ValueError("has a stride of 0 along an axis")
    if masks.offset:
        end += begin
    if masks.shrink >> entry & 1:
        at = begin + size if begin < 0 else begin
        at = 0 if masks.begin >> entry & 1 else at
        if not 0 <= at < size or stride < 0:
            raise ValueError(f"takes element {begin} among {size} along an axis")
        return Part(at, 1, removed=True)
    # The first and the last place that an index may have: one behind the end that it walks to.
    low, high = (0, size) if stride > 0 else (-1, size - 1)
    first, last = (low, high) if stride > 0 else (high, low)
    start = first if masks.begin >> entry & 1 else _clamp(begin, size, low, high)
    stop = last if masks.end >> entry & 1 else _clamp(end, size, low, high)
    return Part(start, max(0, -((start - stop) // stride)), stride)


def _clamp(index: int, size: int, low: int, high: int) -> int:
    return max(low, min(index + size if index < 0 else index, high))
