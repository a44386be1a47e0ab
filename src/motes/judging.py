"""Detections against what a label track says was there."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from motes.recording import Label

GRACE_S = 1.0
"""Seconds after a label's end in which its detection still counts: windows and averages look back."""


@dataclass(frozen=True)
class Event:
    """A detection: `time_s` is the source's clock at the end of the buffer that caused it.

    `latency_ms` is from there to the action, on the board's clock; None on the host.
    """

    time_s: float
    label: str
    score: float
    latency_ms: float | None
    sink: int = 0

    def __str__(self) -> str:
        return f"{self.time_s:9.3f} s  {self.label:<16} {self.score:.3f}"


@dataclass(frozen=True)
class Verdict:
    """What was heard of what was there.

    `said` pairs every label that an application can detect with its first detection, or None if it was missed.
    """

    said: tuple[tuple[Label, Event | None], ...]
    false_alarms: tuple[Event, ...]

    @property
    def heard(self) -> int:
        """How many labels were detected."""
        return sum(event is not None for _, event in self.said)

    @property
    def missed(self) -> int:
        """How many were not."""
        return len(self.said) - self.heard


class Track:
    """What was there, quick to ask: files may have thousands of labels, and runs thousands of events."""

    def __init__(self, labels: Iterable[Label]) -> None:
        self._labels: dict[str, list[Label]] = {}
        for label in sorted(labels, key=lambda found: found.start):
            self._labels.setdefault(label.text, []).append(label)
        self._starts = {text: [label.start for label in found] for text, found in self._labels.items()}
        self._ends = {  # the latest of each label and those before it
            text: list(itertools.accumulate((label.end + GRACE_S for label in found), max))
            for text, found in self._labels.items()
        }

    def covering(self, event: Event) -> list[Label]:
        """The labels of the event's text that cover it, or ended at most `GRACE_S` before."""
        text, time_s = event.label, event.time_s
        if text not in self._labels:
            return []
        first, last = bisect.bisect_left(self._ends[text], time_s), bisect.bisect_right(self._starts[text], time_s)
        return [label for label in self._labels[text][first:last] if time_s <= label.end + GRACE_S]


def judge(events: Sequence[Event], labels: Sequence[Label], known: Collection[str]) -> Verdict:
    """The verdict on a run: an event is right when a label of its text covers it, or ended at most `GRACE_S` before.

    Args:
        known: the texts that the application can detect; other labels are background, and any event there is false.
    """
    wanted = [label for label in labels if label.text in known]
    track = Track(wanted)
    first: dict[Label, Event] = {}
    false = []
    for event in events:
        covering = track.covering(event)
        for label in covering:
            if label not in first:
                first[label] = event
                break
        if not covering:
            false.append(event)
    return Verdict(tuple((label, first.get(label)) for label in wanted), tuple(false))
