"""What FULLY_CONNECTED refuses beyond its int8 form, whose refusals are in `test_checks.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Node, Quant, Tensor, quant
from motes.ops.common import CONVERT_TO_INT8
from nodes import constant, node, tensor

ONES = np.ones((4, 8), np.int8)
HALF = quant(0.5, 0)


def layer(x: Tensor, w: Tensor, b: Tensor | None, y: Tensor, **options: Any) -> Node:
    return node("FULLY_CONNECTED", [x, w, b], y, **options)


def int16(**changes: Any) -> Node:
    parts = {
        "x": tensor("x", 1, 8, dtype=DType.INT16, q=HALF),
        "w": constant("w", ONES),
        "b": constant("b", np.ones(4, np.int64), None),
        "y": tensor("y", 1, 4, dtype=DType.INT16, q=HALF),
    } | changes
    return layer(*parts.values())


def floats(**changes: Any) -> Node:
    parts = {
        "x": tensor("x", 1, 8, dtype=DType.FLOAT32, q=None),
        "w": constant("w", ONES.astype(np.float32), None),
        "b": constant("b", np.ones(4, np.float32), None),
        "y": tensor("y", 1, 4, dtype=DType.FLOAT32, q=None),
    }
    options = {k: v for k, v in changes.items() if k not in parts}
    return layer(*(changes.get(k, v) for k, v in parts.items()), **options)


COMPUTED = tensor("w", 4, 8)


def test_the_nodes_that_are_changed_here_are_accepted() -> None:
    for good in (int16(), floats(), floats(w=constant("w", ONES)), int16(w=COMPUTED), int16(b=None)):
        good.op.check(good)


REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    (int16(y=tensor("y", 1, 4)), Unsupported, "x int16[1, 8] times w int8[4, 8] to y int8[1, 4] is not a combination"),
    (int16(x=tensor("x", 1, 8, dtype=DType.INT16, q=None)), Unsupported, "x int16[1, 8] has no scale and zero point"),
    (int16(y=tensor("y", 1, 4, dtype=DType.INT16, q=None)), Unsupported, "y int16[1, 4] has no scale and zero point"),
    (int16(w=constant("w", ONES, None)), Unsupported, "its weights, w int8[4, 8], have no scales"),
    (
        int16(w=constant("w", ONES.astype(np.int16))),
        Unsupported,
        "is not a combination of types it does; convert it to",
    ),
    (int16(w=constant("w", ONES, quant(1.0, 300))), BadInput, "the zero point 300 of w int8[4, 8] is outside its type"),
    (int16(w=constant("w", ONES, quant(float("nan"), 1))), BadInput, "has a scale of nan"),
    (
        int16(w=constant("w", ONES, Quant((1.0,) * 4, (1,) * 4, 0))),
        Unsupported,
        "its weights have a zero point other than 0",
    ),
    (int16(w=tensor("w", 4, 8, q=Quant((1.0,) * 3, (0,) * 3, 0))), BadInput, "its weights have 3 scales along axis 0"),
    (int16(w=tensor("w", 4, 8, dtype=DType.INT32)), Unsupported, "is not a combination of types it does"),
    (int16(w=tensor("w", 8)), BadInput, "its weights, w int8[8], are not a matrix"),
    (int16(b=constant("b", np.ones(4, np.float32), None)), Unsupported, "its bias, b float32[4], is not int32"),
    (int16(b=tensor("b", 5, dtype=DType.INT64)), BadInput, "its bias has 5 values for 4 channels"),
    (int16(b=tensor("b", 4, dtype=DType.FLOAT32)), Unsupported, "its bias, b float32[4], is not int32"),
    (floats(b=tensor("b", 4, dtype=DType.INT32)), Unsupported, "its bias, b int32[4], is not float32"),
    (floats(w=constant("w", ONES), b=tensor("b", 4, dtype=DType.FLOAT32)), Unsupported, "is not a combination of"),
    (
        int16(y=tensor("y", 1, 4, dtype=DType.INT16, q=quant(1e-6, 0))),
        Unsupported,
        "its scales lie too far apart (a multiplier of 125000 is 2**14 or more)",
    ),
    (floats(y=tensor("y", 1, 4)), Unsupported, "x float32[1, 8] times w float32[4, 8] to y int8[1, 4] is not"),
    (
        floats(w=constant("w", ONES), y=tensor("y", 1, 4)),
        Unsupported,
        f"x float32[1, 8] is not int8; {CONVERT_TO_INT8}",
    ),
    (floats(w=COMPUTED), Unsupported, "x float32[1, 8] times w int8[4, 8] to y float32[1, 4] is not a combination"),
    (floats(w=constant("w", ONES, None)), Unsupported, "its weights, w int8[4, 8], have no scales"),
    (floats(w=constant("w", ONES, quant(1.0, 1))), Unsupported, "to y float32[1, 4] is not a combination of types"),
    (floats(b=constant("b", np.ones(4, np.int32))), Unsupported, "its bias, b int32[4], is not float32"),
    (floats(b=constant("b", np.ones(3, np.float32))), BadInput, "its bias has 3 values for 4 channels"),
    (floats(fused_activation_function=4), Unsupported, "fused activation code 4 is not one of NONE, RELU,"),
    (floats(x=tensor("x", 1, 9, dtype=DType.FLOAT32, q=None)), BadInput, "does not give y float32[1, 4]"),
]


@pytest.mark.parametrize(("refused", "error", "words"), REFUSALS)
def test_is_refused(refused: Node, error: type[MotesError], words: str) -> None:
    with pytest.raises(error) as caught:
        refused.op.check(refused)
    assert type(caught.value) is error
    assert words in str(caught.value)
    assert str(caught.value).startswith("FULLY_CONNECTED n (operator 7): ")
