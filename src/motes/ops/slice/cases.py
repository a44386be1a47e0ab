"""Generated test cases of SLICE and STRIDED_SLICE."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor
from motes.ops.case import Case, Oracle, indices, moved, with_computed
from motes.ops.movement import EVERY, INDICES
from motes.ops.slice.masks import Masks, parts

COUNT = 20
"""Cases of each operator and type."""

_BY_TFLM = (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32, DType.BOOL)


def cases() -> Iterator[Case]:
    """Parts of one to five axes; places that are computed; strides of both signs with every mask."""
    for dtype in EVERY:
        for seed in range(COUNT):
            rng = random.Random(f"slice {dtype.value} {seed}")
            yield from with_computed(_slice(rng, dtype, f"slice_{dtype.value}_{seed}"), 2)
            rng = random.Random(f"strided slice {dtype.value} {seed}")
            yield _strided(rng, dtype, f"strided_slice_{dtype.value}_{seed}")
        for seed in range(COUNT // 4):
            name = f"strided_slice_at_{dtype.value}_{seed}"
            yield _strided_at(random.Random(name), dtype, name)


def _slice(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = [rng.choice((1, 2, 3, 5, 6)) for _ in range(rng.randint(1, 5))]
    begin = [rng.choice((0, 0, rng.randrange(s))) for s in shape]
    size = [rng.choice((s - b, rng.randint(1, s - b))) for s, b in zip(shape, begin, strict=True)]
    kind = rng.choice(INDICES)
    x, y = moved("x", shape, dtype), moved("y", size, dtype)
    oracle: Oracle = "tflm" if dtype in _BY_TFLM else "litert"
    if oracle == "tflm" and rng.random() < 0.4:  # a place that is computed, the same along all axes
        most = min(s - n for s, n in zip(shape, size, strict=True))
        at = Tensor("at", (len(shape),), kind)
        return Case(name, "SLICE", {}, (x, at, indices("size", size, kind)), (y,), {at: (0, most)})
    told = [-1 if b + n == s and rng.random() < 0.3 else n for b, n, s in zip(begin, size, shape, strict=True)]
    inputs = (x, indices("begin", begin, kind), indices("size", told, kind))
    return Case(name, "SLICE", {}, inputs, (y,), oracle=oracle)


def _strided(rng: random.Random, dtype: DType, name: str) -> Case:
    while True:
        shape = [rng.choice((1, 2, 3, 5, 8)) for _ in range(rng.randint(1, 4))]
        count = len(shape)
        begin = [rng.randint(-s - 1, s + 1) for s in shape]
        end = [rng.randint(-s - 2, s + 2) for s in shape]
        strides = [rng.choice((1, 1, 2, 3, -1, -2)) for _ in shape]
        masks = Masks(rng.randrange(1 << count), rng.randrange(1 << count), shrink=_few(rng, count))
        plain = dtype in _BY_TFLM
        if not plain or rng.random() < 0.3:  # masks that TFLM ignores
            plain = False
            masks = Masks(masks.begin, masks.end, rng.choice((0, 1 << rng.randrange(count))), _few(rng, count))
            shape += [2] * bin(masks.ellipsis).count("1")
        try:
            cut = parts(shape, begin, end, strides, masks)
        except ValueError:
            continue
        made = [p.size for p in cut if not p.removed]
        if 0 not in made and 0 < len(made) <= 4:
            break
    x = moved("x", shape, dtype)
    options = {
        "begin_mask": masks.begin,
        "end_mask": masks.end,
        "ellipsis_mask": masks.ellipsis,
        "new_axis_mask": masks.new_axis,
        "shrink_axis_mask": masks.shrink,
        "offset": False,
    }
    inputs = (x, indices("begin", begin), indices("end", end), indices("strides", strides))
    oracle: Oracle = "tflm" if plain else "litert"
    return Case(name, "STRIDED_SLICE", options, inputs, (moved("y", made, dtype),), oracle=oracle)


def _strided_at(rng: random.Random, dtype: DType, name: str) -> Case:
    """Rows, columns and elements at a computed place, the same along all axes; the other axes are whole."""
    shape = [rng.choice((1, 2, 3, 5, 8)) for _ in range(rng.randint(2, 4))]
    count = rng.randint(1, len(shape))
    shrink = rng.randrange(1, 1 << count) if count < len(shape) else rng.randrange(1, (1 << count) - 1)
    whole = ~shrink & ((1 << count) - 1)
    shortest = min(s for i, s in enumerate(shape) if shrink >> i & 1)
    kept = [s for i, s in enumerate(shape) if not shrink >> i & 1]
    begin = Tensor("begin", (count,), DType.INT32)
    options = {"begin_mask": whole, "end_mask": whole, "ellipsis_mask": 0, "new_axis_mask": 0}
    options |= {"shrink_axis_mask": shrink, "offset": False}
    inputs = (moved("x", shape, dtype), begin, indices("end", [0] * count), indices("strides", [1] * count))
    ranges = {begin: (-shortest, shortest - 1)}
    return Case(name, "STRIDED_SLICE", options, inputs, (moved("y", kept, dtype),), ranges, "litert")


def _few(rng: random.Random, count: int) -> int:
    """A mask with few bits set, often none."""
    return rng.choice((0, 0, 1 << rng.randrange(count), rng.randrange(1 << count)))
