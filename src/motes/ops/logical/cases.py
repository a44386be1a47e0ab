"""Generated test cases of LOGICAL_AND and LOGICAL_OR."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor
from motes.ops.broadcast_cases import draw_inputs, draw_shapes
from motes.ops.case import Case

COUNT = 50


def cases() -> Iterator[Case]:
    """Equal shapes, broadcasts of every kind up to four axes, constants."""
    for builtin in ("LOGICAL_AND", "LOGICAL_OR"):
        for seed in range(COUNT):
            name = f"{builtin.lower()}_{seed}"
            rng = random.Random(name)
            shapes, out = draw_shapes(rng)
            inputs = draw_inputs(rng, shapes, DType.BOOL, (None, None))
            yield Case(name, builtin, {}, tuple(inputs), (Tensor("y", out, DType.BOOL),))
