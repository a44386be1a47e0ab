"""Which of a run's traces are features, and which are scores."""

from __future__ import annotations

from typing import NamedTuple

from motes.blocks.threshold.op import ThresholdOp
from motes.running import Outcome, Trace, reported


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
    stage = application.stage_of(sink.decision)
    for node in reversed(stage.graph.nodes):
        if isinstance(node.op, ThresholdOp):
            found = next((t for t in outcome.traces if t.tensor is node.inputs[0]), None)
            if found is None or not len(found.values):
                return None
            limit = node.op.limit * node.outputs[0].scale
            return ScoreView(found, sink.labels, limit, reported(application, sink))
    return None


def widest_features(outcome: Outcome) -> Trace | None:
    """What a stage hands on to another as its items, where that is a picture worth showing."""
    handed = {r.item for s in outcome.made.application.stages for r in s.pushes}
    found = [t for t in outcome.traces if t.tensor in handed and t.values.shape[1] >= 4 and len(t.values)]
    return max(found, key=lambda t: t.values.shape[1], default=None)
