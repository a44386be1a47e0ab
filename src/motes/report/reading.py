"""What pictures and tables need to know of a run: features, scores, and how long after its trigger each run ended."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from motes.application import Stage
from motes.blocks.threshold.op import ThresholdOp
from motes.ir import Array
from motes.running import Outcome, Trace, reported

NARROWEST = 4
"""Elements that a picture of features needs."""


class ScoreView(NamedTuple):
    """The scores that a threshold judged, a column a label, and that threshold."""

    trace: Trace
    labels: tuple[str, ...]
    threshold: float
    reported: tuple[str, ...]


def score_view(outcome: Outcome) -> ScoreView | None:
    """The scores behind the first action, or None where no threshold decides."""
    application = outcome.made.application
    sink = application.sinks[0]
    for node in application.upstream(sink.decision):
        if isinstance(node.op, ThresholdOp):
            found = next((t for t in outcome.traces if t.tensor is node.inputs[0]), None)
            if found is None or not len(found.values):
                return None
            limit = node.op.limit * node.outputs[0].scale
            return ScoreView(found, sink.labels, limit, reported(application, sink))
    return None


def features(outcome: Outcome) -> Trace | None:
    """What the sensor's data become first, where that is a picture worth showing."""
    judged = score_view(outcome)
    for trace in outcome.traces:
        if judged is not None and trace.tensor is judged.trace.tensor:
            return None
        if trace.values.shape[1] >= NARROWEST and len(trace.values) > 1:
            return trace
    return None


def envelope(values: Array, most: int) -> tuple[Array, Array, Array]:
    """Where each of at most so many stretches of values (n, columns) begins, and the extremes of each column in it.

    A curve of an hour of sound is as quick to draw as that of a second.
    """
    count = min(len(values), most)
    starts = np.arange(count) * len(values) // max(1, count)
    return starts, np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)


class Responses(NamedTuple):
    """Runs of a stage, one behind the other.

    `due_s` (runs,) is when each window was complete, on the sample clock; `took_s` (runs,) how much later the run had
    ended; `missed` (runs,) whether the next window was complete by then.
    """

    due_s: Array
    took_s: Array
    missed: Array


def responses(outcome: Outcome, stage: Stage) -> Responses | None:
    """Of every run of a stage; None on the host, where work takes no time."""
    if outcome.execution is None:
        return None
    due = outcome.triggers[stage]
    ends = _ends(outcome, stage)[: len(due)]
    if stage.ring.source is None:
        feeding = next(s for s in outcome.made.application.stages if stage.ring in s.pushes)
        made = _ends(outcome, feeding)
        made = made[outcome.whole[feeding][: len(made)]]
        pushed = made[stage.ring.length - stage.ring.early - 1 :: stage.ring.stride]
    else:
        pushed = due
    complete = np.full(len(ends), np.inf)  # of the last, no next window is known
    complete[: len(pushed[1:])] = pushed[1 : len(ends) + 1]
    return Responses(due, ends - due, ends > complete)


def _ends(outcome: Outcome, stage: Stage) -> Array:
    """When each run had ended, on the sample clock."""
    assert outcome.execution is not None
    clock, started = outcome.execution.clock_hz, outcome.started
    return np.array([(s.end - started) / clock for s in outcome.execution.spans if s.name == stage.name])
