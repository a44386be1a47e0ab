"""What convolution refuses. Every message is pinned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Node, Quant, quant
from motes.ops import builtins
from motes.ops.common import CONVERT_TO_INT8
from motes.ops.conv.cases import cases
from nodes import constant, conv, depthwise, tensor

VALID = 1

W = np.ones((8, 3, 3, 4), np.int8)
D = np.ones((1, 3, 3, 4), np.int8)
FLOAT, FLOAT_Y = (tensor(name, 1, 6, 5, n, dtype=DType.FLOAT32, q=None) for name, n in (("x", 4), ("y", 8)))
WIDE, WIDE_Y = (tensor(name, 1, 6, 5, n, dtype=DType.INT16, q=quant(0.5, 0)) for name, n in (("x", 4), ("y", 8)))


def floats(**changes: Any) -> Node:
    return conv(x=FLOAT, y=FLOAT_Y, b=None, **changes)


REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    (conv(x=tensor("x", 1, 6, 5, 4, dtype=DType.UINT8)), Unsupported,
     f"x uint8[1, 6, 5, 4] is not int8, int16 or float32; {CONVERT_TO_INT8}"),
    (conv(x=FLOAT), Unsupported, f"its output, y int8[1, 6, 5, 8], is not float32 as its input is; {CONVERT_TO_INT8}"),
    (conv(x=FLOAT, y=FLOAT_Y), Unsupported, "its bias, b int32[8], is not float32"),
    (floats(w=constant("w", W, None)), Unsupported, "its weights, w int8[8, 3, 3, 4], have no scales"),
    (floats(w=constant("w", W.astype(np.int16))), Unsupported, "w int16[8, 3, 3, 4], are not int8"),
    (floats(w=tensor("w", 8, 3, 3, 4, q=quant(0.5, 0))), Unsupported,
     "filters floats with int8 weights, w int8[8, 3, 3, 4], and these or the bias are computed; dequantize"),
    (floats(w=tensor("w", 8, 3, 3, 4, q=None)), Unsupported, "its weights, w int8[8, 3, 3, 4], have no scales"),
    (floats(w=constant("w", W, quant(0.5, 1))), Unsupported, "have a zero point other than 0"),
    (floats(fused_activation_function=4), Unsupported, "fused activation code 4 is not one"),
    (conv(x=WIDE), Unsupported, "its output, y int8[1, 6, 5, 8], is not int16 as its input is"),
    (conv(x=WIDE, y=WIDE_Y, b=constant("b", np.ones(8, np.int16), None)), Unsupported, "b int16[8], is not int64"),
    (conv(x=replace(WIDE, quant=quant(0.5, 3)), y=WIDE_Y), Unsupported,
     "x int16[1, 6, 5, 4] has the zero point 3; TensorFlow Lite takes int16 to have 0; convert the model again"),
    (conv(x=WIDE, y=WIDE_Y, w=constant("w", W.astype(np.int16))), Unsupported, "w int16[8, 3, 3, 4], are not int8"),
    (conv(x=WIDE, y=replace(WIDE_Y, quant=quant(1e-6, 0)), b=None), Unsupported,
     "its scales lie too far apart (a multiplier of 125000 is 2**14 or more)"),
    (depthwise(x=WIDE, y=tensor("y", 1, 6, 5, 4, dtype=DType.INT16, q=quant(0.5, 0))), Unsupported,
     "its bias, b int32[4], is not int64"),
    (conv(w=constant("w", W.astype(np.float32), None)), Unsupported, f"are not int8; {CONVERT_TO_INT8}"),
    (conv(w=tensor("w", 8, 3, 3, 4)), Unsupported, "have a zero point other than 0"),
    (conv(b=tensor("b", 8, dtype=DType.INT64)), Unsupported, "its bias, b int64[8], is not int32"),
    (conv(b=tensor("b", 7, dtype=DType.INT32)), BadInput, "its bias has 7 values for 8 channels"),
    (conv(b=tensor("b", 8, dtype=DType.INT32), w=constant("w", W[..., :3])), BadInput, "does not lead from 4 to 8"),
    (conv(b=tensor("b", 8, dtype=DType.INT32), w=replace(constant("w", W), data=W[:4])), BadInput, "another shape or"),
    (conv(x=tensor("x", 6, 5, 4)), BadInput, "x int8[6, 5, 4] must have four dimensions, none of them"),
    (conv(w=constant("w", np.ones((8, 3, 3, 0), np.int8))), BadInput, "must have four dimensions, none of them empty"),
    (conv(w=replace(constant("w", W), data=W[:4])), BadInput, "has another shape or type"),
    (conv(w=constant("w", W[..., :3])), BadInput, "a filter (8, 3, 3, 3) does not lead from 4 to 8 channels"),
    (conv(w=constant("w", W[:7]), b=None), BadInput, "a filter (7, 3, 3, 4) does not lead from 4 to 8 channels"),
    (conv(w=constant("w", W[..., :1][:6]), b=None, y=tensor("y", 1, 6, 5, 6)), BadInput, "does not lead from 4 to 6"),
    (conv(w=constant("w", W, Quant((0.5,) * 7, (0,) * 7, 0))), BadInput, "have 7 scales along axis 0, not 8 along"),
    (conv(w=constant("w", W, Quant((0.5,) * 8, (0,) * 8, 3))), BadInput, "have 8 scales along axis 3, not 8 along"),
    (conv(w=constant("w", W, quant(0.5, 1))), Unsupported, "have a zero point other than 0"),
    (conv(w=constant("w", W, quant(float("nan"), 0))), BadInput, "has a scale of nan"),
    (conv(w=constant("w", W, Quant((0.5, -0.5) * 4, (0,) * 8, 0))), BadInput, "has a scale of -0.5"),
    (conv(b=constant("b", np.ones(7, np.int32), None)), BadInput, "its bias has 7 values for 8 channels"),
    (conv(b=constant("b", np.ones(8, np.int64), None)), Unsupported, "its bias, b int64[8], is not int32"),
    (conv(y=tensor("y", 1, 6, 5, 8, q=quant(float("inf"), 0))), BadInput, "has a scale of inf"),
    (conv(y=tensor("y", 1, 6, 5, 8, q=quant(1.0, 200))), BadInput, "the zero point 200"),
    (conv(stride_h=0), BadInput, "stride (0, 1) and dilation (1, 1) must be positive and below 16777216"),
    (conv(stride_w=-1), BadInput, "stride (1, -1) and dilation (1, 1) must be positive"),
    (conv(dilation_w_factor=0), BadInput, "stride (1, 1) and dilation (1, 0) must be positive"),
    (conv(dilation_h_factor=1 << 24), BadInput, "must be positive and below 16777216"),
    (conv(dilation_h_factor=(1 << 24) - 1), BadInput, "a window over 33554431 rows, padded by 16777215 and 16777215"),
    (conv(padding=VALID), BadInput, "lead to 4 rows, but the output is (1, 6, 5, 8)"),
    (conv(padding=VALID, y=tensor("y", 1, 4, 5, 8)), BadInput, "lead to 3 columns, but the output is (1, 4, 5, 8)"),
    (conv(y=tensor("y", 2, 6, 5, 8)), BadInput, "lead to 6 rows, but the output is (2, 6, 5, 8)"),
    (conv(fused_activation_function=4), Unsupported, "fused activation code 4 is not one of NONE, RELU"),
    (depthwise(w=constant("w", np.ones((2, 3, 3, 4), np.int8))), BadInput, "a depthwise filter (2, 3, 3, 4) does not"),
    (depthwise(w=constant("w", D[..., :3]), b=None), BadInput, "does not lead from 4 to 4 channels"),
    (depthwise(w=constant("w", D, Quant((0.5,) * 4, (0,) * 4, 0))), BadInput, "not 4 along axis 3"),
    (replace(conv(), inputs=conv().inputs[:1]), BadInput, "has 1 inputs and 1 outputs, not 2 to 3 and 1"),
    (replace(conv(), inputs=(conv().inputs[0], None)), BadInput, "has 2 inputs and 1 outputs, not 2 to 3 and 1"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "error", "words"), REFUSALS, ids=range(len(REFUSALS)))
def test_what_convolution_refuses(bad: Node, error: type[MotesError], words: str) -> None:
    with pytest.raises(error) as caught:
        bad.op.check(bad)
    assert words in str(caught.value)
    assert str(bad) in str(caught.value)


def test_an_unknown_padding_is_refused_at_once() -> None:
    with pytest.raises(BadInput, match=r"CONV_2D: padding code 7 is not SAME or VALID"):
        conv(padding=7)


def test_every_generated_case_is_accepted() -> None:
    for case in cases():
        (one,) = case.graph(builtins()).nodes
        one.op.check(one)
