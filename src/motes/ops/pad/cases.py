"""Generated test cases of PAD, PADV2 and MIRROR_PAD."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from motes.ir import DType, Tensor, quant
from motes.ops.case import Case, Oracle, draw_values, draw_zero_point, indices, moved, with_computed
from motes.ops.movement import EVERY

COUNT = 16
"""Cases of each operator and type."""

_BY_TFLM = {
    "PAD": (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32),
    "PADV2": (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32),
    "MIRROR_PAD": (DType.INT8, DType.FLOAT32),
}


def cases() -> Iterator[Case]:
    """Borders of every width around one to four axes; values that are constant and that are computed."""
    for dtype in EVERY:
        for seed in range(COUNT):
            for builtin in _BY_TFLM:
                rng = random.Random(f"{builtin} {dtype.value} {seed}")
                case = _case(rng, builtin, dtype, f"{builtin.lower()}_{dtype.value}_{seed}")
                yield from with_computed(case, 1) if builtin == "MIRROR_PAD" else [case]


def _case(rng: random.Random, builtin: str, dtype: DType, name: str) -> Case:
    oracle: Oracle = "tflm" if dtype in _BY_TFLM[builtin] else "litert"
    shape = [rng.choice((1, 2, 3, 5)) for _ in range(rng.randint(1, 4))]
    mode = rng.randrange(2)
    most = [s - (mode == 0) if builtin == "MIRROR_PAD" else 3 for s in shape]
    sides = [(0, 0) if rng.random() < 0.4 else (rng.randint(0, m), rng.randint(0, m)) for m in most]
    made = [a + s + b for s, (a, b) in zip(shape, sides, strict=True)]
    x, y = (_tensor(rng, n, s, dtype) for n, s in (("x", shape), ("y", made)))
    x = Tensor("x", x.shape, dtype, y.quant)
    inputs = [x, indices("sides", sides)]
    if builtin == "PADV2":
        data = draw_values(rng, (1,), dtype) if rng.random() < 0.5 else None
        inputs.append(Tensor("value", (1,), dtype, y.quant, data))
    options = {"mode": mode} if builtin == "MIRROR_PAD" else {}
    return Case(name, builtin, options, tuple(inputs), (y,), oracle=oracle)


def _tensor(rng: random.Random, name: str, shape: list[int], dtype: DType) -> Tensor:
    if dtype in (DType.INT8, DType.UINT8):
        info = np.iinfo(dtype.numpy)
        return Tensor(name, tuple(shape), dtype, quant(0.5, draw_zero_point(rng, int(info.min), int(info.max))))
    return moved(name, shape, dtype)
