"""What TRANSPOSE_CONV refuses; floats with int8 weights; what it counts. Every message is pinned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from motes.build import host
from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Graph, Node, Quant, Tensor, quant
from motes.ops import builtins
from motes.ops.common import CONVERT_TO_INT8
from motes.ops.transpose_conv.cases import cases
from nodes import constant, node, tensor

W = np.ones((4, 3, 3, 2), np.int8)


def transposed(**changes: Any) -> Node:
    """3x3 at stride 2 from (1, 3, 5, 2) to (1, 6, 10, 4)."""
    parts: dict[str, Tensor | None] = {
        "shape": constant("shape", np.array([1, 6, 10, 4], np.int32), None),
        "w": constant("w", W),
        "x": tensor("x", 1, 3, 5, 2),
        "b": constant("b", np.ones(4, np.int32), None),
        "y": tensor("y", 1, 6, 10, 4),
    }
    options = {"stride_h": 2, "stride_w": 2} | {k: v for k, v in changes.items() if k not in parts}
    parts |= {k: v for k, v in changes.items() if k in parts}
    output = parts["y"]
    assert output is not None
    return node("TRANSPOSE_CONV", [parts["shape"], parts["w"], parts["x"], parts["b"]], output, **options)


def floats(**changes: Any) -> Node:
    real = {"x": tensor("x", 1, 3, 5, 2, dtype=DType.FLOAT32, q=None), "b": None}
    return transposed(**{**real, "y": tensor("y", 1, 6, 10, 4, dtype=DType.FLOAT32, q=None), **changes})


def wide(**changes: Any) -> Node:
    given = {"x": tensor("x", 1, 3, 5, 2, dtype=DType.INT16, q=quant(0.5, 0)), "b": None}
    return transposed(**{**given, "y": tensor("y", 1, 6, 10, 4, dtype=DType.INT16, q=quant(0.5, 0)), **changes})


REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    (replace(transposed(), inputs=transposed().inputs[:2]), BadInput, "has 2 inputs and 1 outputs, not 3 to 4 and 1"),
    (transposed(x=tensor("x", 3, 5, 2)), BadInput, "x int8[3, 5, 2] must have four dimensions, none of them empty"),
    (transposed(shape=constant("shape", np.array([1, 5, 10, 4], np.int32), None)), BadInput,
     "its output is y int8[1, 6, 10, 4], but [1, 5, 10, 4] is asked for; convert the model again"),
    (transposed(x=tensor("x", 1, 3, 5, 2, dtype=DType.UINT8)), Unsupported,
     f"x uint8[1, 3, 5, 2] is not int8, int16 or float32; {CONVERT_TO_INT8}"),
    (transposed(x=floats().inputs[2]), Unsupported, "y int8[1, 6, 10, 4], is not float32 as its input is"),
    (transposed(w=tensor("w", 4, 3, 3, 2)), Unsupported, "its weights have a zero point other than 0"),
    (floats(w=tensor("w", 4, 3, 3, 2, q=quant(0.5, 0))), Unsupported, "filters floats with int8 weights, w int8[4, 3,"),
    (wide(w=tensor("w", 4, 3, 3, 2, q=quant(0.5, 0)), b=constant("b", np.ones(4, np.int16), None)), Unsupported,
     "its bias, b int16[4], is not int64"),
    (transposed(w=constant("w", W, Quant((0.5,) * 3, (0,) * 3, 0))), BadInput, "have 3 scales along axis 0, not 4"),
    (transposed(w=constant("w", W, quant(0.5, 1))), Unsupported, "its weights have a zero point other than 0"),
    (transposed(w=constant("w", W[:3]), b=None), BadInput, "a filter (3, 3, 3, 2) does not lead from (1, 3, 5, 2)"),
    (transposed(w=constant("w", W[..., :1])), BadInput, "a filter (4, 3, 3, 1) does not lead from (1, 3, 5, 2) to"),
    (transposed(x=tensor("x", 2, 3, 5, 2)), BadInput, "does not lead from (2, 3, 5, 2) to (1, 6, 10, 4)"),
    (transposed(b=constant("b", np.ones(3, np.int32), None)), BadInput, "its bias has 3 values for 4 channels"),
    (transposed(b=constant("b", np.ones(4, np.int64), None)), Unsupported, "its bias, b int64[4], is not int32"),
    (wide(b=constant("b", np.ones(4, np.int32), None)), Unsupported, "its bias, b int32[4], is not int64"),
    (floats(b=constant("b", np.ones(4, np.int32), None)), Unsupported, "its bias, b int32[4], is not float32"),
    (wide(y=tensor("y", 1, 6, 10, 4, dtype=DType.INT16, q=quant(0.5, 1))), Unsupported, "has the zero point 1; Tensor"),
    (wide(y=tensor("y", 1, 6, 10, 4, dtype=DType.INT16, q=quant(1e-6, 0))), Unsupported, "is 2**14 or more"),
    (transposed(stride_h=0), BadInput, "stride (0, 2) must be positive and below 16777216"),
    (transposed(stride_w=1 << 24), BadInput, "stride (2, 16777216) must be positive and below 16777216"),
    (transposed(fused_activation_function=4), Unsupported, "fused activation code 4 is not one of NONE, RELU"),
]  # fmt: skip


@pytest.mark.parametrize(("refused", "error", "words"), REFUSALS, ids=range(len(REFUSALS)))
def test_is_refused(refused: Node, error: type[MotesError], words: str) -> None:
    with pytest.raises(error) as caught:
        refused.op.check(refused)
    assert type(caught.value) is error
    assert words in str(caught.value)
    assert str(caught.value).startswith("TRANSPOSE_CONV n (operator 7): ")


def test_an_unknown_padding_is_refused_at_once() -> None:
    with pytest.raises(BadInput, match=r"TRANSPOSE_CONV: padding code 7 is not SAME or VALID"):
        transposed(padding=7)


def test_the_nodes_that_tests_change_are_accepted() -> None:
    made = [node for case in cases() for node in case.graph(builtins()).nodes]
    for good in (transposed(), floats(), wide(), wide(b=constant("b", np.ones(4, np.int16), None)), *made):
        good.op.check(good)


def test_every_input_pixel_meets_the_whole_filter() -> None:
    assert transposed().op.macs(transposed()) == 3 * 5 * 2 * 9 * 4


def test_int8_weights_of_floats_are_near_the_same_weights_as_floats() -> None:
    rng = np.random.default_rng(4)
    values = rng.integers(-127, 128, W.shape).astype(np.int8)
    scales = (0.01, 0.02, 0.005, 0.5)
    plain = values * np.array(scales, np.float32)[:, None, None, None]
    bias = constant("b", rng.normal(0, 1, 4).astype(np.float32), None)
    nodes = [
        floats(w=constant("w", values, Quant(scales, (0,) * 4, 0)), b=bias),
        floats(w=constant("w", plain, None), b=bias),
    ]
    hybrid, reference = host.load([Graph("g", (n.input(2),), n.outputs, (n,)) for n in nodes], sanitize=True)
    x = rng.normal(0, 1, (1, 3, 5, 2)).astype(np.float32)
    got, want = hybrid(x)[0], reference(x)[0]
    assert np.abs(got - want).max() <= 1e-6 * np.abs(want).max()
    assert np.abs(want).max() > 1
