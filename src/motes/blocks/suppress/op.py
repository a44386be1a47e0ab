"""Suppression: the operator, and the block that applications use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.errors import BadInput
from motes.ir import DType, Kernel, Node, Op, Params
from motes.stream import Memory, Stream, count_of, step


@dataclass(frozen=True)
class SuppressOp(Op):
    """Decisions int32 (2) -> decisions: the `silent` ones after one that reports a label report none.

    State: how many are still to be silenced, int32 (1).
    """

    kernels = (Kernel("suppress", "suppress.h", in_place=lambda node: ((0, 0), (1, 1))),)

    silent: int

    def check(self, node: Node) -> None:
        assert all(t.dtype is DType.INT32 for t in (*node.pointers, *node.outputs)), node
        assert node.input(0).shape == node.outputs[0].shape == (2,), node

    def params(self, node: Node) -> Params:
        return {"silent": self.silent}


@dataclass(frozen=True)
class Suppress:
    """After an event, no other for `ms` milliseconds: a word that is heard in many windows is one event.

        events = Suppress(1500)(decision)

    Args:
        ms: from one event to the next at the least, rounded to a whole number of decisions.

    Raises:
        BadInput: when applied: no duration, or a stream that is no decision.
    """

    ms: float

    def __call__(self, decision: Stream) -> Stream:
        """The decisions, those too soon after an event with the label -1."""
        x = decision.tensor
        if (x.dtype, x.shape) != (DType.INT32, (2,)) or not decision.labels:
            raise BadInput(f"Suppress: {x} is no decision; give it the stream that Threshold makes")
        op = SuppressOp(count_of(self.ms, decision.period, "Suppress: ms") - 1)
        memory = [Memory("wait", np.zeros(1, np.int32))]
        return step("event", op, [decision], ((2,), DType.INT32, x.quant), memory=memory, labels=decision.labels)
