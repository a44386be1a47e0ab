"""Generated test cases of SPLIT, SPLIT_V and UNPACK."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType
from motes.ops.case import Case, Oracle, indices, moved, with_computed
from motes.ops.movement import EVERY
from motes.ops.split.op import SplitV, Unpack

COUNT = 14
"""Cases of each operator and type."""

_BY_TFLM = (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)


def cases() -> Iterator[Case]:
    """One to six parts of one to five axes, equal and not, along each axis."""
    for dtype in EVERY:
        for seed in range(COUNT):
            rng = random.Random(f"split {dtype.value} {seed}")
            if dtype in SplitV.types:
                yield _split(rng, dtype, f"split_{dtype.value}_{seed}")
                yield from with_computed(_split_v(rng, dtype, f"split_v_{dtype.value}_{seed}"), 1)
            if dtype in Unpack.types:
                yield _unpack(rng, dtype, f"unpack_{dtype.value}_{seed}")


def _shape(rng: random.Random) -> tuple[list[int], int]:
    """The shape around the axis that is cut, and the axis."""
    shape = [rng.choice((1, 2, 3, 4)) for _ in range(rng.randint(1, 5))]
    return shape, rng.randrange(len(shape))


def _split(rng: random.Random, dtype: DType, name: str) -> Case:
    shape, axis = _shape(rng)
    count, size = rng.choice((1, 2, 3, 6)), rng.randint(1, 4)
    shape[axis] = size
    x = moved("x", [*shape[:axis], count * size, *shape[axis + 1 :]], dtype)
    told = indices("axis", [rng.choice((axis, axis - len(shape)))])
    outputs = tuple(moved(f"y{i}", shape, dtype) for i in range(count))
    return Case(name, "SPLIT", {"num_splits": count}, (told, x), outputs, oracle=_oracle(dtype))


def _split_v(rng: random.Random, dtype: DType, name: str) -> Case:
    shape, axis = _shape(rng)
    sizes = [rng.randint(1, 4) for _ in range(rng.choice((1, 2, 3, 6)))]
    shapes = [[*shape[:axis], s, *shape[axis + 1 :]] for s in sizes]
    x = moved("x", [*shape[:axis], sum(sizes), *shape[axis + 1 :]], dtype)
    outputs = tuple(moved(f"y{i}", s, dtype) for i, s in enumerate(shapes))
    inputs = (x, indices("sizes", sizes), indices("axis", [rng.choice((axis, axis - len(shape)))]))
    return Case(name, "SPLIT_V", {"num_splits": len(sizes)}, inputs, outputs, oracle=_oracle(dtype))


def _unpack(rng: random.Random, dtype: DType, name: str) -> Case:
    shape, axis = _shape(rng)
    x = moved("x", shape, dtype)
    made = [*shape[:axis], *shape[axis + 1 :]]
    outputs = tuple(moved(f"y{i}", made, dtype) for i in range(shape[axis]))
    options = {"num": shape[axis], "axis": rng.choice((axis, axis - len(shape)))}
    return Case(name, "UNPACK", options, (x,), outputs, oracle=_oracle(dtype))


def _oracle(dtype: DType) -> Oracle:
    return "tflm" if dtype in _BY_TFLM else "litert"
