"""Detections against labels."""

from __future__ import annotations

from motes.judging import GRACE_S, Event, judge
from motes.recording import Label


def event(time_s: float, label: str) -> Event:
    return Event(time_s, label, 0.9, None)


def test_heard_missed_and_false():
    labels = [Label(1, 2, "yes"), Label(4, 5, "no"), Label(7, 8, "yes"), Label(9, 9.5, "other")]
    verdict = judge([event(1.8, "yes"), event(4.5, "yes"), event(9.2, "no")], labels, {"yes", "no"})
    assert (verdict.heard, verdict.missed) == (1, 2)
    assert [e.time_s for e in verdict.false_alarms] == [4.5, 9.2]


def test_a_late_detection_counts_within_the_grace():
    labels = [Label(1, 2, "yes")]
    assert judge([event(2 + GRACE_S, "yes")], labels, {"yes"}).heard == 1
    late = judge([event(2.01 + GRACE_S, "yes")], labels, {"yes"})
    assert (late.heard, len(late.false_alarms)) == (0, 1)
    early = judge([event(0.99, "yes")], labels, {"yes"})
    assert (early.heard, len(early.false_alarms)) == (0, 1)


def test_repeats_within_a_long_label_are_no_false_alarms():
    verdict = judge([event(t, "person") for t in (2, 3, 4)], [Label(1, 5, "person")], {"person"})
    assert verdict.heard == 1
    assert verdict.said[0][1] == event(2, "person")
    assert not verdict.false_alarms


def test_neighbouring_labels_each_need_a_detection():
    labels = [Label(1, 2, "yes"), Label(2.5, 3.5, "yes")]
    assert judge([event(1.5, "yes")], labels, {"yes"}).missed == 1
    assert judge([event(1.5, "yes"), event(3.0, "yes")], labels, {"yes"}).missed == 0
