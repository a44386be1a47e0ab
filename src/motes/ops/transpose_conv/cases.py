"""Generated test cases of TRANSPOSE_CONV: every type and padding, windows that overlap and that do not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from motes.ir import DType, Tensor
from motes.ops.case import Case
from motes.ops.common import ACTIVATIONS, PADDINGS
from motes.ops.conv.cases import COMPUTED, computed, floats, integers

COUNTS = {DType.INT8: 80, DType.INT16: 50, DType.FLOAT32: 50}
"""Cases by type of what is filtered."""


def cases() -> Iterator[Case]:
    """Cases of each type."""
    for dtype, count in COUNTS.items():
        for seed in range(count):
            name = f"transpose_conv_{dtype.value}_{seed}"
            case = _case(dtype, random.Random(name), name)
            yield case if seed % 10 else _of_any_shape(case)
        for seed in range(COMPUTED):
            name = f"transpose_conv_computed_{dtype.value}_{seed}"
            rng = random.Random(name)
            yield computed(rng, _case(dtype, rng, name, narrow=False), 1, 3)


def _of_any_shape(case: Case) -> Case:
    """The case with a shape that is computed: TFLM does not look at it."""
    shape, *others = case.inputs
    assert shape is not None
    shape = replace(shape, data=None)
    return replace(case, inputs=(shape, *others), ranges={**case.ranges, shape: (1, 9)})


def _case(dtype: DType, rng: random.Random, name: str, narrow: bool = True) -> Case:
    usual = rng.random() < 0.4
    padding = rng.choice(PADDINGS)
    if usual:
        stride, side = rng.choice(((2, 2), (2, 3), (2, 4), (1, 3), (3, 3)))
        strides, sides = (stride, stride), (side, side)
        sizes = rng.randint(1, 5), rng.randint(1, 5)
    else:
        strides = rng.choice((1, 1, 2, 3)), rng.choice((1, 2, 2, 4))
        sides = rng.choice((1, 2, 3, 5)), rng.choice((1, 2, 3, 4, 7))
        sizes = rng.randint(1, 6), rng.randint(1, 6)
    made = [
        size * stride if padding == "SAME" else (size - 1) * stride + side
        for size, stride, side in zip(sizes, strides, sides, strict=True)
    ]
    if not usual and rng.random() < 0.3:  # TFLM takes any output
        made = [max(1, m + rng.randint(-2, 3)) for m in made]
    batch, channels, outputs = rng.choice((1, 1, 1, 2)), rng.randint(1, 6), rng.choice((1, 2, 3, 4, 5, 8))
    shape = (batch, *made, outputs)
    draw = floats if dtype is DType.FLOAT32 else integers
    x, w, b, y = draw(rng, dtype, usual, (batch, *sizes, channels), (outputs, *sides, channels), 0, shape)
    if narrow and dtype is DType.INT16 and b is not None and rng.random() < 0.3:
        assert b.data is not None
        b = replace(b, dtype=DType.INT16, data=np.clip(b.data, -32768, 32767).astype(np.int16))
    options = {
        "padding": PADDINGS.index(padding),
        "stride_h": strides[0],
        "stride_w": strides[1],
        "fused_activation_function": rng.choice((0, 0, 0, *range(len(ACTIVATIONS)))),
    }
    wanted = Tensor("shape", (4,), DType.INT32, None, np.array(shape, np.int32))
    return Case(name, "TRANSPOSE_CONV", options, (wanted, w, x) if b is None else (wanted, w, x, b), (y,))
