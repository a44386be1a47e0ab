"""Generated test cases of the comparisons."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor
from motes.ops.broadcast_cases import draw_inputs, draw_quant, draw_shapes
from motes.ops.case import Case
from motes.ops.compare.op import RELATIONS

COUNTS = {DType.INT8: 40, DType.INT16: 12, DType.INT32: 25, DType.INT64: 25, DType.FLOAT32: 25, DType.BOOL: 25}
"""Cases of each operator for each type."""


def cases() -> Iterator[Case]:
    """Equal shapes, broadcasts of every kind up to four axes, values that are often equal, scales far apart."""
    for builtin in RELATIONS:
        for dtype, count in COUNTS.items():
            if dtype is DType.BOOL and builtin not in ("EQUAL", "NOT_EQUAL"):
                continue
            for seed in range(count):
                name = f"{builtin.lower()}_{dtype.value}_{seed}"
                yield _case(random.Random(name), builtin, dtype, name)


def _case(rng: random.Random, builtin: str, dtype: DType, name: str) -> Case:
    shapes, out = draw_shapes(rng)
    scale = 2.0 ** rng.uniform(-12, -0.01)
    quants = [draw_quant(rng, dtype, scale), draw_quant(rng, dtype, scale)]
    if (dtype is DType.INT8 or (dtype is DType.INT16 and builtin in ("EQUAL", "NOT_EQUAL"))) and rng.random() < 0.5:
        quants[1] = draw_quant(rng, dtype, min(scale * 2.0 ** rng.uniform(-8, 8), 0.999))
    inputs = draw_inputs(rng, shapes, dtype, quants, span=4)
    narrow = dtype is not DType.FLOAT32 and rng.random() < 0.6
    ranges = {tensor: (0, 1) if dtype is DType.BOOL else (-3, 3) for tensor in inputs} if narrow else {}
    y = Tensor("y", out, DType.BOOL)
    return Case(name, builtin, {}, tuple(inputs), (y,), ranges, "litert" if dtype is DType.INT16 else "tflm")
