"""What RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR refuse, each with its words."""

from __future__ import annotations

import numpy as np
import pytest

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Node, Tensor, quant
from motes.ops.case import indices
from nodes import constant, node, tensor

X, Y, SIZE = tensor("x", 1, 3, 4, 2), tensor("y", 1, 6, 8, 2), indices("size", [6, 8])
LONG = 1 << 16


def nearest(*inputs: Tensor | None, y: Tensor = Y) -> Node:
    return node("RESIZE_NEAREST_NEIGHBOR", list(inputs), y)


def bilinear(x: Tensor = X, y: Tensor = Y, **options: bool) -> Node:
    return node("RESIZE_BILINEAR", [x, SIZE], y, **options)


def wide(dtype: DType, name: str, *shape: int) -> Tensor:
    return tensor(name, *shape, dtype=dtype, q=None)


REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    (nearest(X), BadInput, "has 1 inputs and 1 outputs, not 2 and 1"),
    (nearest(X, None), BadInput, "has 2 inputs and 1 outputs, not 2 and 1"),
    (
        nearest(wide(DType.INT64, "x", 1, 3, 4, 2), SIZE),
        Unsupported,
        "x int64[1, 3, 4, 2] is of another type than int8",
    ),
    (nearest(wide(DType.INT32, "x", 1, 3, 4, 2), SIZE), BadInput, "and y int8[1, 6, 8, 2] are of different types"),
    (nearest(tensor("x", 3, 4, 2), SIZE), BadInput, "x int8[3, 4, 2] is not (batch, height, width, channels)"),
    (
        nearest(X, tensor("size", 2, dtype=DType.INT32)),
        Unsupported,
        "size int32[2] is computed, but must be a constant",
    ),
    (nearest(X, constant("size", np.ones(2, np.float32))), Unsupported, "size float32[2] is not int32 or int64"),
    (nearest(X, indices("size", [[6, 8]])), BadInput, "size int32[1, 2] does not have 1 axes"),
    (nearest(X, indices("size", [6])), BadInput, "resizing x int8[1, 3, 4, 2] to [6] does not give y int8[1, 6, 8, 2]"),
    (nearest(X, indices("size", [8, 6])), BadInput, "resizing x int8[1, 3, 4, 2] to [8, 6] does not give y"),
    (nearest(tensor("x", 1, 3, 4, 3), SIZE), BadInput, "resizing x int8[1, 3, 4, 3] to [6, 8] does not give y"),
    (
        nearest(X, indices("size", [1, LONG]), y=tensor("y", 1, 1, LONG, 2)),
        Unsupported,
        "more than 65,535 rows or columns; resize smaller images",
    ),
    (bilinear(wide(DType.INT32, "x", 1, 3, 4, 2)), Unsupported, "is of another type than int8, int16, float32"),
    (bilinear(align_corners=True, half_pixel_centers=True), BadInput, "which exclude each other; choose one"),
    (bilinear(tensor("x", 1, 3, 4, 2, q=None)), Unsupported, "x int8[1, 3, 4, 2] has no scale and zero point"),
    (
        bilinear(y=tensor("y", 1, 6, 8, 2, q=quant(-0.5, 4))),
        BadInput,
        "y int8[1, 6, 8, 2] has a scale of -0.5, which is not a positive number; convert the model again",
    ),
]


@pytest.mark.parametrize(("refused", "kind", "words"), REFUSALS, ids=[words for _, _, words in REFUSALS])
def test_what_is_refused(refused: Node, kind: type[MotesError], words: str) -> None:
    with pytest.raises(kind) as caught:
        refused.op.check(refused)
    assert words in str(caught.value)
