"""CIRCULAR_BUFFER, a custom operator of TensorFlow Lite Micro, and what counts its periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput
from motes.ir import Array, Builtin, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.common import CONVERT_AGAIN, check_int8

ONCE = (5, 13, 25)
"""Numbers of slots with which TFLM takes a period of 1 where the file gives none; with any other it takes 2."""


@dataclass(frozen=True)
class CircularBuffer(Op):
    """Forgets the oldest row of a buffer, and appends the input behind the others.

    Input: x (1, 1, height, depth). Output: (1, slots, height, depth), a variable, whose value before comes as last
    input. `period`: TFLM ends every execution behind it but each `period`-th; the importer sees to that. Dtype: int8.
    Source: TFLM's CIRCULAR_BUFFER.
    """

    tflite = (Builtin("CIRCULAR_BUFFER", {"cycles_max": ("int", 0)}, custom=True),)
    types = (DType.INT8,)
    kernels = (Kernel("circular_buffer", "circular_buffer.h", in_place=lambda node: ((0, 1),), form="shared"),)
    extends = True

    period: int

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> CircularBuffer:
        given, slots = options["cycles_max"], outputs[0].shape[1:2] if outputs else ()
        return cls(given if given > 0 else 1 if slots and slots[0] in ONCE else 2)

    def check(self, node: Node) -> None:
        if len(node.inputs) != 2 or None in node.inputs or len(node.outputs) != 1:
            raise BadInput(f"{node}: has {len(node.inputs) - 1} inputs and {len(node.outputs)} outputs, not 1 and 1")
        x, old, made = node.input(0), node.input(1), node.output
        check_int8(node, x, old, made)
        if len(made.shape) != 4 or made.shape[0] != 1 or x.shape != (1, 1, *made.shape[2:]) or old.shape != made.shape:
            raise BadInput(f"{node}: {x} is no row of {made}; {CONVERT_AGAIN}")

    def params(self, node: Node) -> Params:
        return {"slots": node.output.shape[1], "bytes": node.input(0).nbytes}


@dataclass(frozen=True)
class Countdown(Op):
    """Whether this is the `period`-th execution since the last of which that was so.

    Input: how many are left, int32 (1,). Outputs: whether one is left, bool (1,); how many are left next time. No
    builtin operator: the importer puts it behind a CIRCULAR_BUFFER with a period.
    """

    kernels = (Kernel("countdown", "countdown.h", in_place=lambda node: ((1, 0),)),)

    period: int

    def check(self, node: Node) -> None:
        ends = [(t.dtype, t.shape) for t in (node.input(0), *node.outputs)]
        if len(node.inputs) != 1 or ends != [(DType.INT32, (1,)), (DType.BOOL, (1,)), (DType.INT32, (1,))]:
            raise BadInput(f"{node}: counts in one int32, and gives one boolean and the next count")

    def params(self, node: Node) -> Params:
        return {"period": self.period}

    def memory(self, node: Node) -> tuple[Array, ...]:
        return (np.array([self.period], np.int32),)
