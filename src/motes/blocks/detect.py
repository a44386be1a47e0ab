"""From scores to events: what most applications end with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from motes.blocks.moving_average.op import MovingAverage
from motes.blocks.suppress.op import Suppress
from motes.blocks.threshold.op import Threshold
from motes.stream import Stream

BACKGROUND = ("unknown", "silence", "_unknown_", "_silence_", "nobody", "normal")
"""Labels of classes that are the absence of anything to report."""


@dataclass(frozen=True)
class Detect:
    """Events from scores: averaged over time, compared with a threshold, each reported once.

        heard = Detect(labels=["yes", "no", "unknown"], threshold=0.8, average_ms=500, suppress_ms=1500)(scores)

    With n = average_ms over the time between two score vectors, rounded: once n vectors have come, the label with the
    best average of the last n that is not background is reported if that average reaches the threshold; then nothing is
    for `suppress_ms`. The same as `MovingAverage`, `Threshold` and `Suppress`, one behind the other.

    Args:
        labels: a name for every score.
        threshold: above 0; at most 1 for scores of a classifier.
        average_ms: None: each vector is judged alone.
        suppress_ms: from one event to the next at the least; None: every vector may report.
        background: labels that are never reported.

    Raises:
        BadInput: when applied: as the three blocks do.
    """

    labels: Sequence[str]
    threshold: float
    average_ms: float | None = None
    suppress_ms: float | None = None
    background: Sequence[str] = BACKGROUND

    def __call__(self, scores: Stream) -> Stream:
        """Decisions, int32 (2), one for every item of `scores`: the label's index or -1, and its average score."""
        decide = Threshold(self.threshold, self.labels, self.background)
        if self.average_ms is not None:
            decide(scores)  # the labels are checked first
            scores = MovingAverage(self.average_ms)(dataclasses.replace(scores, labels=tuple(self.labels)))
        events = decide(scores)
        return events if self.suppress_ms is None else Suppress(self.suppress_ms)(events)
