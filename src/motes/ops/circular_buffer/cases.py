"""Generated test cases of CIRCULAR_BUFFER."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor, quant
from motes.ops.case import Case, draw_zero_point

COUNT = 50


def cases() -> Iterator[Case]:
    """Rows of any size, in buffers of one slot and of many; the period given, or known by the number of slots."""
    for seed in range(COUNT):
        rng = random.Random(f"circular buffer {seed}")
        height, depth = rng.choice((1, 1, 2, 3)), rng.choice((1, 4, 7, 16))
        slots = rng.choice((1, 2, 3, 4, 5, 13))
        value = quant(0.5, draw_zero_point(rng))
        x = Tensor("x", (1, 1, height, depth), DType.INT8, value)
        y = Tensor("y", (1, slots, height, depth), DType.INT8, value)
        options = {"cycles_max": 0 if slots in (5, 13) else 1}
        yield Case(f"circular_buffer_{seed}", "CIRCULAR_BUFFER", options, (x,), (y,), states=(y,))
