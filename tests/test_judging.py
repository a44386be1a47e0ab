"""Detections against labels."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from motes.judging import GRACE_S, Event, Track, judge
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


TIMES = st.integers(0, 40).map(lambda n: n / 4)


@given(st.lists(st.tuples(TIMES, TIMES, st.sampled_from("ab"))), TIMES, st.sampled_from("abc"))
def test_a_track_finds_what_covers_an_event(rows, time_s, text):
    labels = sorted((Label(min(a, b), max(a, b), text) for a, b, text in rows), key=lambda found: found.start)
    found = Track(labels).covering(event(time_s, text))
    assert found == [k for k in labels if k.text == text and k.start <= time_s <= k.end + GRACE_S]


def test_thousands_of_labels_and_events():
    labels = [Label(0.01 * i, 0.01 * i + 0.005, "ab"[i % 2]) for i in range(30_000)]
    verdict = judge([event(0.02 * i, "ab"[i % 2]) for i in range(15_000)], labels, {"a", "b"})
    assert not verdict.false_alarms
    assert 14_900 < verdict.heard <= 15_000
