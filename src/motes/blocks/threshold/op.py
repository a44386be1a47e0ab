"""Threshold: the operator, and the block that applications use."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from motes.errors import BadInput
from motes.ir import DType, Kernel, Node, Op, Params, Quant, Tensor, quant
from motes.stream import Stream, step

SOURCE = "threshold.h"
MOST_LABELS = (1 << 15) - 1
"""A detection keeps its label's index in 16 bits."""
SHOWN = 12
"""Labels that a message lists."""
STEPS = 20
"""A float score is counted in steps of the threshold's power of two / 2^20: it saturates at 2,048 times that."""


@dataclass(frozen=True)
class ThresholdOp(Op):
    """Scores (labels) -> int32 (2): the best label of those in `reported`, or -1 below `limit`, and the best score.

    Dtypes: int8, int32, float32. `limit` and the score given are in units of the output's scale.
    """

    kernels = (
        Kernel(
            "threshold_s8",
            SOURCE,
            fits=lambda n: n.input(0).dtype is DType.INT8,
            params=lambda n: {**n.op.params(n), "zero_point": n.input(0).zero_point},
        ),
        Kernel("threshold_s32", SOURCE, fits=lambda n: n.input(0).dtype is DType.INT32),
        Kernel(
            "threshold_f32",
            SOURCE,
            fits=lambda n: n.input(0).dtype is DType.FLOAT32,
            params=lambda n: {**n.op.params(n), "unit": 1 / n.output.scale},
        ),
    )

    limit: int
    reported: tuple[bool, ...]

    def check(self, node: Node) -> None:
        x, y = node.input(0), node.output
        assert x.elements == len(self.reported) and (y.dtype, y.shape) == (DType.INT32, (2,)), node

    def params(self, node: Node) -> Params:
        return {
            "labels": len(self.reported),
            "limit": self.limit,
            "reported": np.array(self.reported, np.uint8),
        }


@dataclass(frozen=True)
class Threshold:
    """Decides: the label with the best score, where that reaches `value`, else nothing.

        decision = Threshold(0.8, ["yes", "no", "unknown"], background=["unknown"])(scores)

    Args:
        value: the score that is enough: above 0, and at most 1 where scores are int8 or their average.
        labels: a name for every score, all different; a single score, such as a reconstruction error, has one label.
        background: labels that are never reported, whatever their scores; names that are no label are ignored.

    Raises:
        BadInput: when applied: labels that do not fit the scores, or a value out of range.
    """

    value: float
    labels: Sequence[str]
    background: Sequence[str] = ()

    def __call__(self, scores: Stream) -> Stream:
        """Decisions, int32 (2): the label's index or -1, and the best score that is not background's."""
        x = scores.tensor
        labels = self._labels(x)
        if isinstance(self.background, str):
            raise BadInput(f"Threshold: background is {self.background!r}; give a list of names")
        reported = tuple(label not in self.background for label in labels)
        if not any(reported):
            raise BadInput(f"Threshold: all labels ({_some(labels)}) are background; name one to be reported")
        kind = self._quant(x)
        op = ThresholdOp(math.ceil(self.value / kind.scale[0] * (1 - 1e-9)), reported)
        return step("decision", op, [scores], ((2,), DType.INT32, kind), labels=labels)

    def _labels(self, scores: Tensor) -> tuple[str, ...]:
        if isinstance(self.labels, str) or not all(isinstance(v, str) and v for v in self.labels):
            raise BadInput(f"Threshold: labels is {self.labels!r}; give a list of names, none of them empty")
        labels = tuple(self.labels)
        twice = sorted(v for v, count in Counter(labels).items() if count > 1)
        if twice:
            raise BadInput(f"Threshold: {_some(map(repr, twice))} is given twice; labels must be all different")
        if len(labels) > MOST_LABELS:
            raise BadInput(f"Threshold: {len(labels):,} labels; {MOST_LABELS:,} at most: decide in several steps")
        if len(labels) != scores.elements:
            raise BadInput(
                f"Threshold: {len(labels)} labels ({_some(labels)}) for {scores.elements} scores of "
                f"{scores.name}; give one for each, in the order in which the model was trained"
            )
        return labels

    def _quant(self, scores: Tensor) -> Quant:
        """Of the decision's score; the threshold is checked against what scores can be."""
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            raise BadInput(f"Threshold: the threshold is {self.value!r}; give a number")
        if scores.dtype is DType.FLOAT32:
            if not 1e-30 <= self.value <= 1e30:
                raise BadInput(f"Threshold: the threshold is {self.value!r}; it must be a positive number")
            return quant(2.0 ** (math.frexp(self.value)[1] - STEPS), 0)
        if scores.dtype not in (DType.INT8, DType.INT32) or scores.quant is None or not scores.quant.per_tensor:
            raise BadInput(f"Threshold: {scores} are no scores; give it the output of a quantized model")
        if not 0 < self.value <= 1:
            raise BadInput(f"Threshold: the threshold is {self.value!r}; it must be above 0 and at most 1")
        return quant(scores.scale, 0)


def _some(labels: Iterable[str]) -> str:
    """The first of them, in words."""
    listed = list(labels)
    return ", ".join(listed[:SHOWN]) + (", ..." if len(listed) > SHOWN else "")
