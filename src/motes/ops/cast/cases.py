"""Generated test cases of CAST."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from motes.ir import DType, Tensor
from motes.ops.case import Case

COUNT = 3
"""Cases of each pair of types."""

TFLM = (DType.FLOAT32, DType.INT8, DType.INT16, DType.INT32, DType.UINT32, DType.BOOL)
"""Types that TFLM casts to each other."""

_CODES = {
    DType.FLOAT32: 0,
    DType.INT32: 2,
    DType.UINT8: 3,
    DType.INT64: 4,
    DType.BOOL: 6,
    DType.INT16: 7,
    DType.INT8: 9,
    DType.UINT32: 15,
    DType.UINT16: 16,
}
"""Types in TensorFlow Lite's schema."""


def cases() -> Iterator[Case]:
    """Every pair of types; floats within the range of integers, where C says what becomes of them."""
    for x in _CODES:
        for y in _CODES:
            for seed in range(COUNT):
                name = f"cast_{x.value}_{y.value}_{seed}"
                yield _case(random.Random(name), x, y, name)


def _case(rng: random.Random, x_type: DType, y_type: DType, name: str) -> Case:
    rank = rng.randint(1, 5)
    shape = tuple(rng.randint(1, (40, 8, 5, 4, 2)[rank - 1]) for _ in range(rank))
    x, y = Tensor("x", shape, x_type), Tensor("y", shape, y_type)
    ranges = {}
    if x_type is DType.FLOAT32 and y_type not in (DType.FLOAT32, DType.BOOL):
        info = np.iinfo(y_type.numpy)
        most = float(np.nextafter(np.float32(info.max), np.float32(0))) if y_type.size > 2 else float(info.max)
        ranges = {x: rng.choice([(float(info.min), most), (max(float(info.min), -3.0), 3.0)])}
    options = {"in_data_type": _CODES[x_type], "out_data_type": _CODES[y_type]}
    return Case(name, "CAST", options, (x,), (y,), ranges, "tflm" if {x_type, y_type} <= set(TFLM) else "litert")
