"""Moving average: the operator, and the block that applications use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.errors import BadInput
from motes.ir import DType, Kernel, Node, Op, Params, Quant, quant
from motes.stream import Memory, Stream, count_of, step

SOURCE = "moving_average.h"
IN_PLACE = ((1, 1), (2, 2))
MOST_VECTORS = 1 << 23
"""Sums of so many int8 values, each off the zero point by 255 at most, stay in int32."""
MOST_BYTES = 1 << 28
"""More than any microcontroller has."""


@dataclass(frozen=True)
class MovingAverageOp(Op):
    """The average of the last `length` vectors, 2 or more; zero until as many have come.

    Dtypes: int8 to int32, the sum of (x - zero point), at scale / length; float32 to float32. States: the vectors
    before, (length - 1, *shape), and how many have come, int32 (1).
    """

    kernels = (
        Kernel(
            "moving_average_s8",
            SOURCE,
            fits=lambda n: n.input(0).dtype is DType.INT8,
            params=lambda n: {**n.op.params(n), "zero_point": n.input(0).zero_point},
            in_place=lambda n: IN_PLACE,
        ),
        Kernel(
            "moving_average_f32", SOURCE, fits=lambda n: n.input(0).dtype is DType.FLOAT32, in_place=lambda n: IN_PLACE
        ),
    )

    length: int

    def check(self, node: Node) -> None:
        x, past, seen = (node.input(i) for i in range(3))
        made = {DType.INT8: DType.INT32, DType.FLOAT32: DType.FLOAT32}
        assert node.outputs[0].dtype is made[x.dtype] and node.outputs[0].shape == x.shape, node
        assert past.shape == (self.length - 1, *x.shape) and past.dtype is x.dtype and seen.shape == (1,), node

    def params(self, node: Node) -> Params:
        return {"elements": node.input(0).elements, "length": self.length}


@dataclass(frozen=True)
class MovingAverage:
    """The average of the score vectors of the last `ms` milliseconds; zero until that many have come.

        steady = MovingAverage(500)(scores)

    Args:
        ms: how far back it looks, rounded to a whole number of vectors, at least 1 (which changes nothing).

    Raises:
        BadInput: when applied: no duration, or scores that are neither int8 with a scale nor float32.
    """

    ms: float

    def __call__(self, scores: Stream) -> Stream:
        """Averages of the shape of `scores`: int8 scores give int32 sums with a scale, float32 ones float32."""
        x = scores.tensor
        length = count_of(self.ms, scores.period, "MovingAverage: ms")
        if length == 1:
            return scores
        if length > MOST_VECTORS or length * x.nbytes > MOST_BYTES:
            raise BadInput(
                f"MovingAverage: ms={self.ms!r} means {length:,} vectors, {length * x.nbytes:,} bytes to keep; "
                "average over a shorter time, or fewer vectors"
            )
        if x.dtype is DType.INT8 and x.quant is not None and x.quant.per_tensor:
            kind: tuple[DType, Quant | None] = (DType.INT32, quant(x.scale / length, 0))
        elif x.dtype is DType.FLOAT32:
            kind = (DType.FLOAT32, None)
        else:
            raise BadInput(f"MovingAverage: it averages int8 scores with a scale, or float32 ones; {x} is neither")
        memory = [
            Memory("past", np.zeros((length - 1, *x.shape), x.dtype.numpy)),
            Memory("seen", np.zeros(1, np.int32)),
        ]
        op = MovingAverageOp(length)
        return step("average", op, [scores], (x.shape, *kind), memory=memory, labels=scores.labels)
