"""What reductions refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Node, Tensor, quant
from nodes import constant, node, tensor


def axes(*values: int) -> Tensor:
    return constant("axes", np.array(values, np.int32), None)


def mean(
    x: Tensor | None = None, along: Tensor | None = None, y: Tensor | None = None, builtin: str = "MEAN", **options: Any
) -> Node:
    return node(builtin, [x or tensor("x", 2, 3, 4), along or axes(1)], y or tensor("y", 2, 4), **options)


def floats(name: str, *shape: int) -> Tensor:
    return tensor(name, *shape, dtype=DType.FLOAT32, q=None)


def test_the_nodes_that_are_changed_here_are_accepted() -> None:
    for good in (
        mean(),
        mean(builtin="REDUCE_MAX"),
        mean(along=axes(-2, 1)),
        mean(floats("x", 3), axes(0), floats("y")),
    ):
        good.op.check(good)


SPREAD = (2,) * 8

REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    (
        mean(tensor("x", 2, 3, 4, dtype=DType.UINT8)),
        Unsupported,
        "is not int8 or int16 or int32 or float32; convert it",
    ),
    (mean(builtin="REDUCE_PROD"), Unsupported, "x int8[2, 3, 4] is not int32 or float32"),
    (mean(builtin="REDUCE_ALL"), Unsupported, "x int8[2, 3, 4] is not bool"),
    (
        mean(along=tensor("axes", 1, dtype=DType.INT32)),
        Unsupported,
        "axes int32[1] is computed, but must be a constant",
    ),
    (mean(along=constant("axes", np.ones(1, np.float32), None)), BadInput, "its axes, axes float32[1], are not int32"),
    (mean(along=axes(3)), BadInput, "3 is not an axis of x int8[2, 3, 4]; convert the model again"),
    (mean(along=axes(-4)), BadInput, "-4 is not an axis of x int8[2, 3, 4]"),
    (mean(along=axes(0)), BadInput, "x int8[2, 3, 4] along axes [0] does not give y int8[2, 4]"),
    (mean(keep_dims=True), BadInput, "x int8[2, 3, 4] along axes [1] does not give y int8[2, 4]"),
    (mean(y=floats("y", 2, 4)), BadInput, "does not give y float32[2, 4]"),
    (mean(tensor("x", 2, 3, 4, q=None)), Unsupported, "x int8[2, 3, 4] has no scale and zero point"),
    (mean(y=tensor("y", 2, 4, q=quant(1e-12, 0))), Unsupported, "its scales lie too far apart"),
    (
        mean(y=tensor("y", 2, 4, q=quant(0.25, 3)), builtin="REDUCE_MIN"),
        Unsupported,
        "its input and output are quantized differently",
    ),
    (
        mean(tensor("x", *SPREAD), axes(0, 2, 4, 6), tensor("y", *SPREAD[::2])),
        Unsupported,
        "along axes [0, 2, 4, 6]: too many; transpose them together",
    ),
]


@pytest.mark.parametrize(("refused", "error", "words"), REFUSALS)
def test_is_refused(refused: Node, error: type[MotesError], words: str) -> None:
    with pytest.raises(error) as caught:
        refused.op.check(refused)
    assert type(caught.value) is error
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{refused.op.title} n (operator 7): ")
