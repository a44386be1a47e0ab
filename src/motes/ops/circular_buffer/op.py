"""CIRCULAR_BUFFER, a custom operator of TensorFlow Lite Micro."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from motes.errors import BadInput, Unsupported
from motes.ir import Builtin, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.common import CONVERT_AGAIN, check_int8

ONCE = (5, 13, 25)
"""Numbers of slots with which TFLM takes a period of 1 where the file gives none; with any other it takes 2."""


@dataclass(frozen=True)
class CircularBuffer(Op):
    """Forgets the oldest row of a buffer, and appends the input behind the others.

    Input: x (1, 1, height, depth). Output: (1, slots, height, depth), a variable, whose value before comes as last
    input. `period`: TFLM ends every execution there but each `period`-th; only 1 is served. Dtype: int8.
    Source: TFLM's CIRCULAR_BUFFER.
    """

    tflite = (Builtin("CIRCULAR_BUFFER", {"cycles_max": ("int", 0)}, custom=True),)
    types = (DType.INT8,)
    limits = "runs each time (cycles_max 1)"
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
        if self.period != 1:
            raise Unsupported(
                node,
                f"runs what follows in one of {self.period} executions only",
                "convert it with cycles_max = 1 and run the model as often as its result is needed",
            )

    def params(self, node: Node) -> Params:
        return {"slots": node.output.shape[1], "bytes": node.input(0).nbytes}
