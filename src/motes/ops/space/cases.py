"""Generated test cases of SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND, SPACE_TO_DEPTH and DEPTH_TO_SPACE."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

from motes.ir import DType, Tensor, quant
from motes.ops.case import Case, Oracle, draw_zero_point, indices, moved, with_computed
from motes.ops.movement import EVERY
from motes.ops.space.op import SpaceDepth

COUNT = 14
"""Cases of each operator and type."""

_BY_TFLM = (DType.INT8, DType.FLOAT32)


def cases() -> Iterator[Case]:
    """Blocks of one to four pixels, square and not, with borders; images and rows."""
    for dtype in EVERY:
        for seed in range(COUNT):
            for builtin in ("SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"):
                rng = random.Random(f"{builtin} {dtype.value} {seed}")
                yield from with_computed(_batch(rng, builtin, dtype, f"{builtin.lower()}_{dtype.value}_{seed}"), 1, 2)
            for builtin in ("SPACE_TO_DEPTH", "DEPTH_TO_SPACE"):
                if dtype in SpaceDepth.types:
                    rng = random.Random(f"{builtin} {dtype.value} {seed}")
                    yield _depth(rng, builtin, dtype, f"{builtin.lower()}_{dtype.value}_{seed}")


def _batch(rng: random.Random, builtin: str, dtype: DType, name: str) -> Case:
    axes = rng.choice((1, 2, 2))
    block = [rng.choice((1, 2, 3)) for _ in range(axes)]
    maps = [rng.randint(1, 3) for _ in range(axes)]
    borders, image = [], []
    for b, m in zip(block, maps, strict=True):
        before = rng.choice((0, rng.randint(0, min(2, b * m - 1))))
        behind = rng.choice((0, rng.randint(0, min(2, b * m - 1 - before))))
        borders.append((before, behind))
        image.append(b * m - before - behind)
    batch, channels = rng.randint(1, 2), rng.choice((1, 2, 3, 5))
    shapes = [[batch, *image, channels], [batch * math.prod(block), *maps, channels]]
    if builtin == "BATCH_TO_SPACE_ND":
        shapes.reverse()
    x, y = (moved(n, s, dtype) for n, s in zip("xy", shapes, strict=True))
    if dtype is DType.UINT8:
        scaled = quant(0.5, draw_zero_point(rng, 0, 255))
        x, y = (Tensor(t.name, t.shape, dtype, scaled) for t in (x, y))
    inputs = (x, indices("block", block), indices("borders", borders))
    # TFLM reads the value of a border from memory that nobody set.
    unset = builtin == "SPACE_TO_BATCH_ND" and any(map(any, borders))
    return Case(name, builtin, {}, inputs, (y,), oracle="litert" if unset else _oracle(dtype))


def _depth(rng: random.Random, builtin: str, dtype: DType, name: str) -> Case:
    block = rng.choice((1, 2, 2, 3, 4))
    batch, rows, columns, channels = (rng.randint(1, 3) for _ in range(4))
    shapes = [
        [batch, rows * block, columns * block, channels],
        [batch, rows, columns, channels * block * block],
    ]
    if builtin == "DEPTH_TO_SPACE":
        shapes.reverse()
    x, y = (moved(n, s, dtype) for n, s in zip("xy", shapes, strict=True))
    return Case(name, builtin, {"block_size": block}, (x,), (y,), oracle=_oracle(dtype))


def _oracle(dtype: DType) -> Oracle:
    return "tflm" if dtype in _BY_TFLM else "litert"
