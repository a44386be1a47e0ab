"""How far outputs are from those of an oracle, element by element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motes.ir import Array
from motes.oracle import Answer

RANGE_SHARE, ULPS = 1e-5, 4


@dataclass(frozen=True)
class Compared:
    """What came of it.

    Attributes:
        max_abs: the largest difference of two elements.
        max_ulp: the same in units in the last place, for floats.
        equal: every byte is.
        kind: what an output of another shape or type is, here and there; "" where there is none.
        wrong_at: (run, step, output) of the first output that is not as it should be.
    """

    max_abs: float = 0.0
    max_ulp: int = 0
    equal: bool = True
    kind: str = ""
    wrong_at: tuple[int, int, int] | None = None

    @property
    def good(self) -> bool:
        """Whether everything is as it should be."""
        return not self.kind and self.wrong_at is None


def compare(ours: Sequence[Sequence[tuple[Array, ...]]], answer: Answer) -> Compared:
    """All outputs of all steps of all runs; those of another shape or type end it."""
    spans = ranges(answer)
    worst, ulps, equal = 0.0, 0, True
    wrong_at: tuple[int, int, int] | None = None
    for r, (mine, theirs) in enumerate(zip(ours, answer.outputs, strict=True)):
        for s, (have, want) in enumerate(zip(mine, theirs, strict=True)):
            for o, (x, y) in enumerate(zip(have, want, strict=True)):
                if x.shape != y.shape or x.dtype != y.dtype:
                    what = f"output {o} is {x.dtype}{list(x.shape)} here, {y.dtype}{list(y.shape)} there"
                    return Compared(kind=what)
                equal = equal and x.tobytes() == y.tobytes()
                apart, steps_apart = distance(x, y)
                worst, ulps = max(worst, apart), max(ulps, steps_apart)
                if wrong_at is None and wrong(x, y, spans[o]).any():
                    wrong_at = (r, s, o)
    return Compared(worst, ulps, equal, "", wrong_at)


def distance(ours: Array, theirs: Array) -> tuple[float, int]:
    """(largest difference, largest difference in units in the last place) of two arrays of one shape and dtype."""
    if ours.dtype != np.float32:
        return float(np.max(np.abs(ours.astype(np.float64) - theirs.astype(np.float64)), initial=0)), 0
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0, np.abs(ours.astype(np.float64) - theirs.astype(np.float64)))
    apart = np.where(np.isnan(apart), np.inf, apart)
    steps = np.where(same, 0, np.abs(_ordered(ours) - _ordered(theirs)))
    return float(np.max(apart, initial=0)), int(np.max(steps, initial=0))


def wrong(ours: Array, theirs: Array, span: float) -> Array:
    """Which elements are not as they should be; `span` is the range of this output."""
    if ours.dtype != np.float32:
        return np.asarray(ours != theirs)
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    with np.errstate(invalid="ignore"):
        near = np.abs(ours.astype(np.float64) - theirs.astype(np.float64)) <= RANGE_SHARE * span
    return np.asarray(~(same | near | (np.abs(_ordered(ours) - _ordered(theirs)) <= ULPS)))


def _ordered(values: Array) -> Array:
    """Floats as integers in the same order, neighbours being 1 apart; NaN far from all."""
    bits = np.ascontiguousarray(values).view(np.int32).astype(np.int64)
    ordered = np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)
    return np.where(np.isnan(values), np.int64(1) << 33, ordered)


def ranges(answer: Answer) -> list[float]:
    """For each output, its largest finite value minus its smallest, over all runs."""
    spans = []
    for values in zip(*(step for run in answer.outputs for step in run), strict=True):
        numbers = np.concatenate([v.ravel().astype(np.float64) for v in values])
        finite = numbers[np.isfinite(numbers)]
        spans.append(float(np.ptp(finite)) if finite.size else 0.0)
    return spans
