"""BATCH_MATMUL: what is refused, and the form with int8 constants among floats."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from motes.build import host
from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Graph, Node, Quant, Tensor, quant
from nodes import constant, node, tensor

HALF = quant(0.5, 0)


def product(a: Tensor | None = None, b: Tensor | None = None, y: Tensor | None = None, **options: Any) -> Node:
    inputs = [a or tensor("a", 2, 3, 4), b or tensor("b", 2, 4, 5)]
    return node("BATCH_MATMUL", inputs, y or tensor("y", 2, 3, 5), **options)


def floats(name: str, *shape: int) -> Tensor:
    return tensor(name, *shape, dtype=DType.FLOAT32, q=None)


def int16(name: str, *shape: int, zero: int = 0) -> Tensor:
    return tensor(name, *shape, dtype=DType.INT16, q=quant(0.5, zero))


WEIGHTS = constant("b", np.arange(20, dtype=np.int8).reshape(4, 5))


def hybrid(b: Tensor = WEIGHTS) -> Node:
    return product(floats("a", 2, 3, 4), b, floats("y", 2, 3, 5))


def test_the_nodes_that_are_changed_here_are_accepted() -> None:
    for good in (product(), hybrid(), product(int16("a", 2, 3, 4), int16("b", 2, 4, 5), int16("y", 2, 3, 5))):
        good.op.check(good)


REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    (product(floats("a", 2, 3, 4)), Unsupported, "a float32[2, 3, 4] times b int8[2, 4, 5] to y int8[2, 3, 5] is not"),
    (product(y=tensor("y", 2, 3, 5, dtype=DType.INT32)), Unsupported, "to y int32[2, 3, 5] is not a combination of"),
    (product(tensor("a", 4)), BadInput, "a int8[4] times b int8[2, 4, 5] does not give y int8[2, 3, 5]; convert the"),
    (product(tensor("a", 2, 3, 5)), BadInput, "a int8[2, 3, 5] times b int8[2, 4, 5] does not give y int8[2, 3, 5]"),
    (product(tensor("a", 3, 3, 4)), BadInput, "a int8[3, 3, 4] times b int8[2, 4, 5] does not give y int8[2, 3, 5]"),
    (product(y=tensor("y", 2, 5, 3)), BadInput, "does not give y int8[2, 5, 3]"),
    (product(adj_x=True), BadInput, "does not give y int8[2, 3, 5]"),
    (product(tensor("a", 2, 3, 4, q=None)), Unsupported, "a int8[2, 3, 4] has no scale and zero point"),
    (product(tensor("a", 2, 3, 4, q=Quant((1.0, 1.0), (0, 0), 0))), Unsupported, "has 2 scales where only one is"),
    (product(y=tensor("y", 2, 3, 5, q=quant(1e-12, 0))), Unsupported, "its scales lie too far apart"),
    (
        product(int16("a", 2, 3, 4, zero=1), int16("b", 2, 4, 5), int16("y", 2, 3, 5)),
        Unsupported,
        "a int16[2, 3, 4] has a zero point other than 0",
    ),
    (
        product(*(tensor(name, 1, 1, 1, 1, 2, 2) for name in "aby")),
        Unsupported,
        "has more than 5 axes; reshape them to fewer axes",
    ),
    (hybrid(tensor("b", 4, 5)), Unsupported, "a float32[2, 3, 4] times b int8[4, 5], which is not a constant,"),
    (hybrid(constant("b", np.ones((4, 5), np.int8), quant(1.0, 3))), Unsupported, "has a zero point other than 0"),
]


@pytest.mark.parametrize(("refused", "error", "words"), REFUSALS)
def test_is_refused(refused: Node, error: type[MotesError], words: str) -> None:
    with pytest.raises(error) as caught:
        refused.op.check(refused)
    assert type(caught.value) is error
    assert words in str(caught.value)
    assert str(caught.value).startswith("BATCH_MATMUL n (operator 7): ")


def test_floats_times_bytes_are_as_near_as_floats_are() -> None:
    one = hybrid()
    assert WEIGHTS.data is not None
    (run,) = host.load([Graph("one", (one.input(0),), one.outputs, (one,))], sanitize=True, optimise="-O0")
    a = np.random.default_rng(1).standard_normal((2, 3, 4)).astype(np.float32)
    want = a.astype(np.float64) @ (WEIGHTS.data * WEIGHTS.scale)
    assert np.max(np.abs(run(a)[0] - want)) <= 1e-6 * np.max(np.abs(want))
