"""Generated test cases of CONCATENATION and PACK."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor
from motes.ops.case import Case, Oracle, draw_values, moved
from motes.ops.concatenation.op import Pack
from motes.ops.movement import EVERY

COUNT = 20
"""Cases of each operator and type."""


def cases() -> Iterator[Case]:
    """One to nine inputs of one to four axes, joined along each; constants among them."""
    for dtype in EVERY:
        for seed in range(COUNT):
            rng = random.Random(f"concatenation {dtype.value} {seed}")
            yield _concatenation(rng, dtype, f"concatenation_{dtype.value}_{seed}")
            rng = random.Random(f"pack {dtype.value} {seed}")
            if dtype in Pack.types:
                yield _pack(rng, dtype, f"pack_{dtype.value}_{seed}")


def _concatenation(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = [rng.choice((1, 2, 3, 4)) for _ in range(rng.randint(1, 4))]
    axis = rng.randrange(len(shape))
    sizes = [rng.randint(1, 5) for _ in range(rng.choice((1, 2, 2, 3, 4, 9)))]
    parts = [_part(rng, f"x{i}", [*shape[:axis], s, *shape[axis + 1 :]], dtype, i) for i, s in enumerate(sizes)]
    if rng.random() < 0.1:  # one tensor twice
        parts[-1], sizes[-1] = parts[0], sizes[0]
    y = moved("y", [*shape[:axis], sum(sizes), *shape[axis + 1 :]], dtype)
    options = {"axis": rng.choice((axis, axis - len(shape))), "fused_activation_function": 0}
    return Case(name, "CONCATENATION", options, tuple(parts), (y,), oracle=_oracle(dtype))


def _pack(rng: random.Random, dtype: DType, name: str) -> Case:
    shape = [rng.choice((1, 2, 3, 4)) for _ in range(rng.randint(0, 4))]
    axis = rng.randint(0, len(shape))
    count = rng.choice((1, 2, 3, 12))
    parts = [_part(rng, f"x{i}", shape, dtype, i) for i in range(count)]
    y = moved("y", [*shape[:axis], count, *shape[axis:]], dtype)
    options = {"values_count": count, "axis": rng.choice((axis, axis - len(shape) - 1))}
    return Case(name, "PACK", options, tuple(parts), (y,), oracle=_oracle(dtype))


def _part(rng: random.Random, name: str, shape: list[int], dtype: DType, index: int) -> Tensor:
    return moved(name, shape, dtype, draw_values(rng, shape, dtype) if index and rng.random() < 0.1 else None)


def _oracle(dtype: DType) -> Oracle:
    return "litert" if dtype is DType.UINT8 else "tflm"
