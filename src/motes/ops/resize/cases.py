"""Generated test cases of RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from motes.ir import DType, quant
from motes.ops.case import Case, indices, moved
from motes.ops.resize.op import ResizeBilinear, ResizeNearestNeighbor

MAIN, OTHERS = 40, 20
"""Cases of int8 and float32, and of each other type."""

_BY_TFLM = {
    "RESIZE_NEAREST_NEIGHBOR": (DType.INT8, DType.INT16, DType.FLOAT32),
    "RESIZE_BILINEAR": (DType.INT8, DType.FLOAT32),
}


def cases() -> Iterator[Case]:
    """Images that grow, shrink and keep their size along each axis; corners and centers in every way."""
    for op in (ResizeBilinear, ResizeNearestNeighbor):
        builtin = op.tflite[0].name
        for dtype in op.types:
            for seed in range(MAIN if dtype in (DType.INT8, DType.FLOAT32) else OTHERS):
                name = f"{builtin.lower()}_{dtype.value}_{seed}"
                yield _case(random.Random(name), name, builtin, dtype)


def _case(rng: random.Random, name: str, builtin: str, dtype: DType) -> Case:
    sizes = [rng.choice((1, 2, 3, 5, rng.randint(1, 12))) for _ in range(2)]
    made = [rng.choice((s, 2 * s, 3 * s, -(-s // 2), rng.randint(1, 16))) for s in sizes]
    batch, channels = rng.choice((1, 1, 2)), rng.choice((1, 1, 2, 3, 4, 5))
    corners, centers = rng.choice(((False, False), (True, False), (False, True)))
    options = {"align_corners": corners, "half_pixel_centers": centers}
    x = moved("x", [batch, *sizes, channels], dtype)
    y = moved("y", [batch, *made, channels], dtype)
    if dtype is DType.INT8 and rng.random() < 0.2:  # TFLM does not look at it
        y = replace(y, quant=quant(0.25, 3))
    return Case(
        name,
        builtin,
        options,
        (x, indices("size", made)),
        (y,),
        oracle="tflm" if dtype in _BY_TFLM[builtin] else "litert",
    )
