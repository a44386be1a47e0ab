"""Generated test cases of SHAPE, RANK, FILL, BROADCAST_TO, BROADCAST_ARGS, TILE and ONE_HOT."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor
from motes.ops.case import Case, Oracle, draw_values, indices, moved
from motes.ops.movement import EVERY, INDICES

COUNT = 10
"""Cases of each operator and type of what is moved."""


def cases() -> Iterator[Case]:
    """Every type; shapes of no to five axes."""
    makers = {"shape": _shape, "rank": _rank, "fill": _fill, "broadcast_to": _broadcast, "tile": _tile}
    for dtype in EVERY:
        for seed in range(COUNT):
            for what, make in makers.items():
                yield make(random.Random(f"{what} {dtype.value} {seed}"), dtype, f"{what}_{dtype.value}_{seed}")
            if dtype is not DType.INT16:
                yield _one_hot(random.Random(f"one hot {dtype.value} {seed}"), dtype, f"one_hot_{dtype.value}_{seed}")
    for dtype in (DType.UINT32, DType.UINT64):
        for seed in range(COUNT):
            for what in ("shape", "rank", "broadcast_to"):
                rng = random.Random(f"{what} {dtype.value} {seed}")
                yield makers[what](rng, dtype, f"{what}_{dtype.value}_{seed}")
    for dtype in INDICES:
        for seed in range(4 * COUNT):
            rng = random.Random(f"broadcast args {dtype.value} {seed}")
            yield _broadcast_args(rng, dtype, f"broadcast_args_{dtype.value}_{seed}")


def _sizes(rng: random.Random, least: int = 1, most: int = 5) -> list[int]:
    return [rng.choice((1, 1, 2, 3, 4)) for _ in range(rng.randint(least, most))]


def _shape(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = _sizes(rng)
    y = Tensor("y", (len(shape),), DType.INT32)
    return Case(name, "SHAPE", {"out_type": 2}, (moved("x", shape, dtype),), (y,))


def _rank(rng: random.Random, dtype: DType, name: str) -> Case:
    y = Tensor("y", (), DType.INT32)
    return Case(name, "RANK", {}, (moved("x", _sizes(rng), dtype),), (y,), oracle="litert")


def _fill(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = _sizes(rng)
    by_tflm = dtype in (DType.INT8, DType.INT32, DType.FLOAT32)
    inputs = (indices("shape", shape, rng.choice(INDICES)), moved("value", (), dtype))
    return Case(name, "FILL", {}, inputs, (moved("y", shape, dtype),), oracle="tflm" if by_tflm else "litert")


def _broadcast(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = _sizes(rng)
    thin = [1 if rng.random() < 0.5 else size for size in shape][rng.choice((0, 0, rng.randint(0, len(shape)))) :]
    inputs = (moved("x", thin, dtype), indices("shape", shape, rng.choice(INDICES)))
    return Case(name, "BROADCAST_TO", {}, inputs, (moved("y", shape, dtype),))


def _broadcast_args(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = [rng.randint(1, 9) for _ in range(rng.randint(1, 6))]
    parts, known = [], []
    for side in "ab":
        thin = [1 if rng.random() < 0.4 else size for size in shape][rng.choice((0, 0, rng.randrange(len(shape)))) :]
        parts.append(indices(side, thin, dtype))
        known.append(thin)
    moving = rng.randrange(2)  # the other is constant; what does not fit is beyond TFLM
    count = parts[moving].elements
    a = Tensor("moving", (count,), dtype)
    parts[moving] = a
    high = 1 if any(size != 1 for size in known[1 - moving]) else 9
    rank = max(t.elements for t in parts)
    return Case(name, "BROADCAST_ARGS", {}, tuple(parts), (Tensor("y", (rank,), dtype),), {a: (1, high)})


def _tile(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = _sizes(rng, most=4)
    counts = [rng.choice((1, 1, 2, 3)) for _ in shape]
    inputs = (moved("x", shape, dtype), indices("counts", counts, rng.choice(INDICES)))
    y = moved("y", [s * c for s, c in zip(shape, counts, strict=True)], dtype)
    return Case(name, "TILE", {}, inputs, (y,), oracle="litert")


def _one_hot(rng: random.Random, dtype: DType, name: str) -> Case:
    shape, depth = _sizes(rng, most=3), rng.randint(1, 6)
    axis = rng.choice((-1, rng.randint(0, len(shape))))
    x = Tensor("x", tuple(shape), rng.choice(INDICES))
    on, off = (moved(n, (), dtype, draw_values(rng, (), dtype) if rng.random() < 0.5 else None) for n in ("on", "off"))
    at = len(shape) if axis == -1 else axis
    y = moved("y", [*shape[:at], depth, *shape[at:]], dtype)
    oracle: Oracle = "litert"
    inputs = (x, indices("depth", depth), on, off)
    return Case(name, "ONE_HOT", {"axis": axis}, inputs, (y,), {x: (-2, depth + 1)}, oracle)
