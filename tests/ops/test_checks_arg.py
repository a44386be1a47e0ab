"""What ARG_MAX, ARG_MIN, TOPK_V2 and CUMSUM refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Node, Tensor, quant
from motes.ops import builtins
from nodes import constant, node, tensor


def number(*values: int, dtype: type = np.int32) -> Tensor:
    return constant("n", np.array(values, dtype), None)


def int32(name: str, *shape: int) -> Tensor:
    return tensor(name, *shape, dtype=DType.INT32, q=None)


def largest(x: Tensor | None = None, axis: Tensor | None = None, y: Tensor | None = None) -> Node:
    return node("ARG_MAX", [x or tensor("x", 2, 3), axis or number(-1)], y or int32("y", 2))


def top(x: Tensor | None = None, k: Tensor | None = None, y: Tensor | None = None, at: Tensor | None = None) -> Node:
    op = builtins()["TOPK_V2"][0].from_tflite("TOPK_V2", {}, (), ())
    outputs = (y or tensor("y", 2, 2), at or int32("at", 2, 2))
    return Node("n", op, (x or tensor("x", 2, 3), k or number(2)), outputs, (7,))


def running(x: Tensor | None = None, axis: Tensor | None = None, y: Tensor | None = None, **options: Any) -> Node:
    return node("CUMSUM", [x or tensor("x", 2, 3), axis or number(1)], y or tensor("y", 2, 3), **options)


def test_the_nodes_that_are_changed_here_are_accepted() -> None:
    for good in (largest(), top(), running(), largest(tensor("x", 4), number(0), int32("y"))):
        good.op.check(good)


REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    (
        largest(tensor("x", 2, 3, dtype=DType.INT16)),
        Unsupported,
        "x int16[2, 3] is not int8 or uint8 or int32 or float32",
    ),
    (largest(axis=int32("n", 1)), Unsupported, "n int32[1] is computed, but must be a constant"),
    (largest(axis=number(0, 1)), BadInput, "its axis, n int32[2], is not one int32"),
    (largest(axis=number(1, dtype=np.float32)), BadInput, "its axis, n float32[1], is not one int32"),
    (largest(axis=number(2)), BadInput, "2 is not an axis of x int8[2, 3]"),
    (largest(axis=number(0)), BadInput, "x int8[2, 3] along axis 0 does not give y int32[2]"),
    (
        largest(y=tensor("y", 2, dtype=DType.INT16, q=None)),
        Unsupported,
        "y int16[2], is not int32 or int64; ask for output_type=",
    ),
    (top(tensor("x", 2, 3, dtype=DType.UINT8)), Unsupported, "x uint8[2, 3] is not int8 or int16 or int32 or float32"),
    (top(k=number(4)), BadInput, "x int8[2, 3] has no 4 elements in a row"),
    (top(k=number(0)), BadInput, "x int8[2, 3] has no 0 elements in a row"),
    (top(y=tensor("y", 2, 3)), BadInput, "the 2 largest of x int8[2, 3] are not y int8[2, 3] and at int32[2, 2]"),
    (top(at=tensor("at", 2, 2)), Unsupported, "its indices, at int8[2, 2], are not int32"),
    (Node("n", top().op, top().inputs, top().outputs[:1], (7,)), BadInput, "has 2 inputs and 1 outputs, not 2 and 2"),
    (running(tensor("x", 2, 3, dtype=DType.INT16)), Unsupported, "x int16[2, 3] is not int8 or int32 or float32"),
    (running(axis=number(-3)), BadInput, "-3 is not an axis of x int8[2, 3]"),
    (running(axis=number(1, dtype=np.int64)), BadInput, "its axis, n int64[1], is not one int32"),
    (running(y=tensor("y", 3, 2)), BadInput, "x int8[2, 3] does not give y int8[3, 2]"),
    (running(y=tensor("y", 2, 3, q=None)), Unsupported, "y int8[2, 3] has no scale and zero point"),
    (
        running(y=tensor("y", 2, 3, q=quant(2.0**-30, 0))),
        Unsupported,
        "scale 9.31323e-10 is too small beside its input's 0.5",
    ),
]


@pytest.mark.parametrize(("refused", "error", "words"), REFUSALS)
def test_is_refused(refused: Node, error: type[MotesError], words: str) -> None:
    with pytest.raises(error) as caught:
        refused.op.check(refused)
    assert type(caught.value) is error
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{refused.op.title} n (operator 7): ")
