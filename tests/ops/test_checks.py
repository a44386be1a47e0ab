"""What operators refuse: nodes that contradict themselves, or ask for what no kernel does. Every message is pinned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Node, Quant, Tensor, quant
from motes.ops.common import CONVERT_AGAIN, CONVERT_TO_INT8
from motes.ops.pool.pool2d import Pool2D
from nodes import constant, node, tensor

NAN, INF = float("nan"), float("inf")


def fully_connected(**changes: Any) -> Node:
    parts = {
        "x": tensor("x", 1, 8),
        "w": constant("w", np.ones((4, 8), np.int8)),
        "b": constant("b", np.ones(4, np.int32), None),
        "y": tensor("y", 1, 4),
    }
    options = {k: v for k, v in changes.items() if k not in parts}
    parts |= {k: v for k, v in changes.items() if k in parts}
    return node("FULLY_CONNECTED", [parts["x"], parts["w"], parts["b"]], parts["y"], **options)


def pool(x: Tensor | None = None, y: Tensor | None = None, builtin: str = "AVERAGE_POOL_2D", **options: Any) -> Node:
    chosen = {"stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 2} | options
    return node(builtin, [x or tensor("x", 1, 4, 6, 3)], y or tensor("y", 1, 2, 3, 3), **chosen)


def padded(by: tuple[int, int, int, int], y: Tensor) -> Node:
    given = pool(y=y)
    assert isinstance(given.op, Pool2D)
    return replace(given, op=replace(given.op, pads=by))


def add(a: Tensor | None = None, b: Tensor | None = None, y: Tensor | None = None, **options: Any) -> Node:
    return node("ADD", [a or tensor("a", 2, 3), b or tensor("b", 2, 3)], y or tensor("y", 2, 3), **options)


def softmax(x: Tensor | None = None, y: Tensor | None = None, beta: float = 1.0) -> Node:
    return node("SOFTMAX", [x or tensor("x", 1, 5)], y or tensor("y", 1, 5, q=quant(1 / 256, -128)), beta=beta)


def test_the_nodes_that_tests_change_are_accepted() -> None:
    for good in (fully_connected(), pool(), pool(builtin="MAX_POOL_2D"), add(), softmax()):
        good.op.check(good)


ONES = np.ones((4, 8), np.int8)
FLOAT_X = tensor("x", 1, 8, dtype=DType.FLOAT32, q=None)

REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    # ------------------------------------------------------------------------------------- FULLY_CONNECTED
    (fully_connected(x=FLOAT_X), Unsupported, f"x float32[1, 8] is not int8; {CONVERT_TO_INT8}"),
    (fully_connected(x=tensor("x", 1, 8, q=None)), Unsupported, "x int8[1, 8] has no scale and zero point; convert it"),
    (fully_connected(x=tensor("x", 1, 8, q=quant(NAN, 0))), BadInput, "has a scale of nan, which is not a positive"),
    (fully_connected(x=tensor("x", 1, 8, q=quant(-1.0, 0))), BadInput, "has a scale of -1.0, which is not a positive"),
    (fully_connected(y=tensor("y", 1, 4, q=quant(0.0, 0))), BadInput, "has a scale of 0.0, which is not a positive"),
    (fully_connected(y=tensor("y", 1, 4, q=quant(INF, 0))), BadInput, "has a scale of inf, which is not a positive"),
    (
        fully_connected(x=tensor("x", 1, 8, q=quant(1.0, 128))),
        BadInput,
        "the zero point 128 of x int8[1, 8] is outside",
    ),
    (fully_connected(x=tensor("x", 1, 8, q=Quant((1.0, 1.0), (0, 0), 1))), Unsupported, "has 2 scales where only one"),
    (fully_connected(x=tensor("x", 1, 9)), BadInput, "x int8[1, 9] times w int8[4, 8] does not give y int8[1, 4]"),
    (fully_connected(y=tensor("y", 1, 5)), BadInput, "x int8[1, 8] times w int8[4, 8] does not give y int8[1, 5]"),
    (fully_connected(y=tensor("y", 4, 1)), BadInput, "x int8[1, 8] times w int8[4, 8] does not give y int8[4, 1]"),
    (fully_connected(w=constant("w", ONES[0])), BadInput, "its weights, w int8[8], are not a matrix"),
    (fully_connected(w=constant("w", ONES.astype(np.float32), None)), Unsupported, "are not int8; convert it to int8"),
    (fully_connected(w=constant("w", ONES, None)), Unsupported, "its weights, w int8[4, 8], have no scales"),
    (fully_connected(w=constant("w", ONES, quant(NAN, 0))), BadInput, "has a scale of nan"),
    (
        fully_connected(w=constant("w", ONES, Quant((1.0,) * 3, (0,) * 3, 0))),
        BadInput,
        "its weights have 3 scales along axis 0, not 4 along axis 0",
    ),
    (
        fully_connected(w=constant("w", ONES, Quant((1.0,) * 4, (0,) * 4, 1))),
        BadInput,
        "its weights have 4 scales along axis 1, not 4 along axis 0",
    ),
    (
        fully_connected(x=tensor("x", 1, 9), w=replace(constant("w", ONES), shape=(4, 9))),
        BadInput,
        "the data of w int8[4, 9] has another shape or type",
    ),
    (fully_connected(b=constant("b", np.ones(3, np.int32))), BadInput, "its bias has 3 values for 4 channels"),
    (fully_connected(b=constant("b", np.ones(4, np.int64))), Unsupported, "its bias, b int64[4], is not int32"),
    (fully_connected(b=tensor("b", 4, dtype=DType.INT64)), Unsupported, "its bias, b int64[4], is not int32"),
    (fully_connected(weights_format=1), Unsupported, f"weights format 1 is not the default; {CONVERT_AGAIN}"),
    (fully_connected(fused_activation_function=4), Unsupported, "fused activation code 4 is not one of NONE, RELU,"),
    (fully_connected(fused_activation_function=-1), Unsupported, "fused activation code -1 is not one of"),
    (
        fully_connected(fused_activation_function=3, y=tensor("y", 1, 4, q=quant(1e-12, 0))),
        Unsupported,
        "RELU6 with a scale of 1e-12 has a limit beyond int32; check the range of this layer and quantize again",
    ),
    (
        fully_connected(x=tensor("x", 1, 8, q=quant(1e8, 0)), y=tensor("y", 1, 4, q=quant(1e-8, 0))),
        Unsupported,
        "its scales lie too far apart (a multiplier of 2.5e+15 is 2**31 or more); check the ranges of this layer",
    ),
    (
        Node("n", fully_connected().op, (tensor("x", 1, 8),), (tensor("y", 1, 4),), (7,)),
        BadInput,
        "has 1 inputs and 1 outputs, not 2 to 3 and 1",
    ),
    (
        Node("n", fully_connected().op, (tensor("x", 1, 8), None), (tensor("y", 1, 4),), (7,)),
        BadInput,
        "has 2 inputs and 1 outputs, not 2 to 3 and 1",
    ),
    # --------------------------------------------------------------------------------------------- pooling
    (pool(tensor("x", 4, 6, 3)), BadInput, "are not (batch, height, width, channels)"),
    (
        pool(y=tensor("y", 1, 2, 2, 3)),
        BadInput,
        "a 2x2 window over x int8[1, 4, 6, 3] does not give y int8[1, 2, 2, 3]",
    ),
    (pool(y=tensor("y", 1, 2, 3, 3, q=quant(0.5, 4))), Unsupported, "its input and output are quantized differently"),
    (pool(y=tensor("y", 1, 2, 3, 3, q=quant(0.6, 3))), Unsupported, "its input and output are quantized differently"),
    (pool(stride_w=0), BadInput, "a stride of 2x0 is not positive"),
    (pool(stride_h=-1), BadInput, "a stride of -1x2 is not positive"),
    (pool(filter_height=0), Unsupported, "a window of 0x2 is not between 1 and 65,536 elements; choose a smaller one"),
    (pool(filter_width=1 << 30), Unsupported, "a window of 2x1073741824 is not between 1 and 65,536 elements"),
    (padded((0, 2, 0, 0), tensor("y", 1, 2, 3, 3)), BadInput, "a 2x2 window over x int8[1, 4, 6, 3] does not give"),
    (padded((2, 2, 0, 0), tensor("y", 1, 4, 3, 3)), BadInput, "may lie wholly in the padding (2, 2, 0, 0)"),
    (padded((0, 0, 3, -1), tensor("y", 1, 2, 4, 3)), BadInput, "may lie wholly in the padding (0, 0, 3, -1)"),
    (pool(padding=1, filter_width=9), BadInput, "a 2x9 window over x int8[1, 4, 6, 3] does not give"),
    (pool(tensor("x", 1, 4, 6, 3, dtype=DType.UINT8)), Unsupported, "is not int8 or int16 or float32; convert it to"),
    (
        pool(tensor("x", 1, 4, 6, 3, dtype=DType.INT16)),
        BadInput,
        "x int16[1, 4, 6, 3] does not give y int8[1, 2, 3, 3]",
    ),
    (pool(builtin="L2_POOL_2D"), Unsupported, "x int8[1, 4, 6, 3] is not float32; convert it to int8"),
    (
        pool(
            tensor("x", 1, 256, 128, 1, dtype=DType.INT16, q=quant(1.0, 0)),
            tensor("y", 1, 1, 1, 1, dtype=DType.INT16, q=quant(1.0, 0)),
            padding=1,
            filter_height=256,
            filter_width=128,
        ),
        Unsupported,
        "a window of more than 32,767 int16 elements; choose a smaller one",
    ),
    (pool(builtin="MAX_POOL_2D", fused_activation_function=5), Unsupported, "fused activation code 5 is not one of"),
    # ------------------------------------------------------------------------------------------------- ADD
    (add(b=tensor("b", 2, 4)), BadInput, "a int8[2, 3] and b int8[2, 4] do not broadcast to y int8[2, 3]"),
    (add(y=tensor("y", 3, 2)), BadInput, "do not broadcast to y int8[3, 2]"),
    (add(a=tensor("a", 1, 3), b=tensor("b", 3)), BadInput, "do not broadcast to y int8[2, 3]"),
    (
        add(a=tensor("a", 2, 3, dtype=DType.UINT8)),
        Unsupported,
        "a uint8[2, 3] is not one of int8, int16,",
    ),
    (
        add(a=tensor("a", 2, 3, dtype=DType.INT32, q=None)),
        BadInput,
        "a int32[2, 3] and b int8[2, 3] are of different types; convert the model again",
    ),
    (
        add(
            tensor("a", 2, 1, 2, 1, 2, 1, 2),
            tensor("b", 1, 2, 1, 2, 1, 2, 1),
            tensor("y", 2, 2, 2, 2, 2, 2, 2),
        ),
        Unsupported,
        "along too many axes; reshape them to fewer axes",
    ),
    (
        add(y=tensor("y", 2, 3, q=quant(1e-7, 0))),
        Unsupported,
        "its output's scale 1e-07 is too small beside its inputs' 0.5 and 0.5; check the ranges of this layer",
    ),
    (add(fused_activation_function=9), Unsupported, "fused activation code 9 is not one of"),
    # --------------------------------------------------------------------------------------------- SOFTMAX
    (softmax(y=tensor("y", 1, 5)), Unsupported, "its output has scale 0.5 and zero point 3, not 0.00390625 and -128"),
    (softmax(y=tensor("y", 1, 5, dtype=DType.UINT8)), Unsupported, "its output, y uint8[1, 5], does not go with int8"),
    (softmax(tensor("x", 1, 6)), BadInput, "x int8[1, 6] does not give y int8[1, 5]"),
    (softmax(beta=0.0), Unsupported, "beta 0 times its input's scale 0.5 is too small or no number"),
    (softmax(beta=-1.0), Unsupported, "beta -1 times its input's scale 0.5 is too small or no number"),
    (softmax(beta=NAN), BadInput, "its beta is nan; convert the model again"),
    (
        softmax(tensor("x", 4096), tensor("y", 4096, q=quant(1 / 256, -128))),
        Unsupported,
        "its rows have more than 4,095 elements; split the classes into groups",
    ),
    # --------------------------------------------------------------------------------------------- the rest
    (node("RESHAPE", [tensor("x", 2, 3)], tensor("y", 5)), BadInput, "x int8[2, 3] cannot become y int8[5]"),
    (
        node("RESHAPE", [tensor("x", 2, 3)], tensor("y", 6, dtype=DType.UINT8)),
        BadInput,
        "x int8[2, 3] cannot become y uint8[6]",
    ),
    (
        node("QUANTIZE", [tensor("x", 3, dtype=DType.INT64)], tensor("y", 3)),
        Unsupported,
        "quantizes x int64[3] to y int8[3]; these are supported: float32 to int8 or uint8 or int16; int8 to int8 or",
    ),
    (node("QUANTIZE", [tensor("x", 3)], tensor("y", 4)), BadInput, "x int8[3] does not give y int8[4]"),
    (node("QUANTIZE", [tensor("x", 3, q=None)], tensor("y", 3)), Unsupported, "x int8[3] has no scale and zero point"),
    (
        node("QUANTIZE", [tensor("x", 3, q=quant(1e20, 0))], tensor("y", 3)),
        Unsupported,
        "its scales lie too far apart (a multiplier of 2e+20 is 2**31 or more)",
    ),
    (
        node("DEQUANTIZE", [tensor("x", 3, dtype=DType.INT32)], tensor("y", 3, dtype=DType.FLOAT32, q=None)),
        Unsupported,
        "dequantizes x int32[3] to y float32[3]; these are supported: int8, uint8, int16, float16 to float32",
    ),
    (
        node("DEQUANTIZE", [tensor("x", 3)], tensor("y", 4, dtype=DType.FLOAT32, q=None)),
        BadInput,
        "x int8[3] does not give y float32[4]",
    ),
]


@pytest.mark.parametrize(("refused", "error", "words"), REFUSALS)
def test_is_refused(refused: Node, error: type[MotesError], words: str) -> None:
    with pytest.raises(error) as caught:
        refused.op.check(refused)
    assert type(caught.value) is error
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{refused.op.title} n (operator 7): ")


def test_an_unknown_padding_is_refused_at_once() -> None:
    with pytest.raises(BadInput, match=r"AVERAGE_POOL_2D: padding code 2 is not SAME or VALID"):
        pool(padding=2)


def test_a_bare_scalar_is_broadcast() -> None:
    good = add(b=tensor("b", 1))
    good.op.check(good)


def test_channels_of_zeros_may_have_the_scale_zero() -> None:
    scales = Quant((0.0, 1.0, 1.0, 1.0), (0,) * 4, 0)
    good = fully_connected(w=constant("w", ONES, scales))
    good.op.check(good)
    assert good.op.params(good)["multiplier"].tolist()[0] == 0
