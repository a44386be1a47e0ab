"""What operators on one tensor refuse: functions of one element, activations, casts, softmaxes and normalizations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Node, Quant, Tensor, quant
from nodes import constant, node, tensor

NAN = float("nan")
PROBABILITIES, STEPS_S16, LOGARITHMS = quant(1 / 256, -128), quant(1 / 32768, 0), quant(1 / 16, 127)


def floats(name: str, *shape: int) -> Tensor:
    return tensor(name, *shape, dtype=DType.FLOAT32, q=None)


def s16(name: str, *shape: int, q: Quant | None = STEPS_S16) -> Tensor:
    return tensor(name, *shape, dtype=DType.INT16, q=q)


def one(builtin: str, x: Tensor | None = None, y: Tensor | None = None, **options: Any) -> Node:
    return node(builtin, [x or tensor("x", 2, 3)], y or tensor("y", 2, 3), **options)


def prelu(x: Tensor | None = None, slope: Tensor | None = None, y: Tensor | None = None) -> Node:
    return node("PRELU", [x or tensor("x", 2, 3), slope or tensor("slope", 3)], y or tensor("y", 2, 3))


def log_softmax(x: Tensor | None = None, y: Tensor | None = None) -> Node:
    return one("LOG_SOFTMAX", x, y or tensor("y", 2, 3, q=LOGARITHMS))


def softmax_s16(x: Tensor | None = None, y: Tensor | None = None) -> Node:
    return one("SOFTMAX", x or s16("x", 2, 3), y or s16("y", 2, 3), beta=1.0)


def test_the_nodes_that_are_changed_here_are_accepted() -> None:
    plain = ("ABS", "NEG", "SQRT", "RSQRT", "EXP", "LOG", "ZEROS_LIKE", "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1")
    more = ("LEAKY_RELU", "TANH", "HARD_SWISH", "ELU", "GELU", "L2_NORMALIZATION", "CAST")
    for good in (
        *(one(builtin) for builtin in (*plain, *more)),
        one("LOGISTIC", y=tensor("y", 2, 3, q=PROBABILITIES)),
        one("TANH", s16("x", 2, 3), s16("y", 2, 3)),
        prelu(),
        log_softmax(),
        softmax_s16(),
        one("SOFTMAX", floats("x", 2, 3), floats("y", 2, 3), beta=-1.0),
        one("DEQUANTIZE", tensor("x", 2, 3, dtype=DType.FLOAT16, q=None), floats("y", 2, 3)),
        one("DEQUANTIZE", tensor("x", 2, 3, q=Quant((1.0, 2.0), (0, 1), 0)), floats("y", 2, 3)),
    ):
        good.op.check(good)


REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    # ------------------------------------------------------------------------------- functions of one element
    (
        one("SIN"),
        Unsupported,
        "x int8[2, 3] is not one of float32; convert it to one of these types, with a CAST before",
    ),
    (one("LOGICAL_NOT"), Unsupported, "x int8[2, 3] is not one of bool"),
    (one("ABS", tensor("x", 2, 3, dtype=DType.UINT8)), Unsupported, "x uint8[2, 3] is not one of float32, int8, int16"),
    (one("ABS", tensor("x", 3, 2)), BadInput, "x int8[3, 2] does not give y int8[2, 3]; convert the model again"),
    (one("ABS", y=floats("y", 2, 3)), BadInput, "x int8[2, 3] and y float32[2, 3] are of different types"),
    (one("ABS", tensor("x", 2, 3, q=None)), Unsupported, "x int8[2, 3] has no scale and zero point"),
    (one("ABS", tensor("x", 2, 3, q=quant(NAN, 0))), BadInput, "has a scale of nan, which is not a positive"),
    (one("ABS", s16("x", 2, 3), s16("y", 2, 3, q=None)), Unsupported, "y int16[2, 3] has no scale and zero point"),
    (
        one("ABS", s16("x", 2, 3, q=quant(0.5, 3)), s16("y", 2, 3)),
        Unsupported,
        "x int16[2, 3] has a zero point other than 0; quantize int16 symmetrically",
    ),
    (
        one("ABS", tensor("x", 2, 3, q=quant(1e20, 0))),
        Unsupported,
        "its scales lie too far apart (a multiplier of 2e+20 is 2**31 or more)",
    ),
    (
        one("RSQRT", tensor("x", 2, 3, q=quant(1e8, 0)), tensor("y", 2, 3, q=quant(1.0, 0))),
        Unsupported,
        "its scales 1e+08 and 1 lie too far apart; check the ranges of this layer and quantize again",
    ),
    (
        one("RSQRT", tensor("x", 2, 3, q=quant(1e-20, 0)), tensor("y", 2, 3, q=quant(1e-5, 0))),
        Unsupported,
        "its scales lie too far apart (a multiplier of 1e+15 is 2**31 or more)",
    ),
    (one("LOG", s16("x", 2, 3, q=quant(1.0, 2)), s16("y", 2, 3)), Unsupported, "has a zero point other than 0"),
    (
        Node("n", one("ABS").op, (tensor("x", 2, 3),) * 2, (tensor("y", 2, 3),), (7,)),
        BadInput,
        "has 2 inputs and 1 outputs, not 1 and 1",
    ),
    # -------------------------------------------------------------------------------- activations that bend
    (one("LOGISTIC"), Unsupported, "its output has the zero point 3, not -128; convert the model again"),
    (
        one("LOGISTIC", tensor("x", 2, 3, dtype=DType.UINT8), tensor("y", 2, 3, dtype=DType.UINT8)),
        Unsupported,
        "its output has scale 0.5 and zero point 3, not 1/256 and 0",
    ),
    (one("TANH", tensor("x", 2, 3, q=quant(1e-9, 0))), Unsupported, "the scale of x int8[2, 3], 1e-09, is too small"),
    (
        one("TANH", s16("x", 2, 3), s16("y", 2, 3, q=quant(1e-3, 0))),
        Unsupported,
        "its output has the scale 0.001, not 1/",
    ),
    (
        one("TANH", s16("x", 2, 3, q=quant(1e-3, 1)), s16("y", 2, 3)),
        Unsupported,
        "its int16 tensors have zero points other than 0; quantize them symmetrically",
    ),
    (
        one("HARD_SWISH", y=tensor("y", 2, 3, q=quant(1e-4, 0))),
        Unsupported,
        "its output's scale 0.0001 is too small beside its input's, 0.5; check the ranges of this layer and",
    ),
    # -------------------------------------------------------------------------- activations of straight pieces
    (
        one("RELU", s16("x", 2, 3, q=quant(0.5, 3)), s16("y", 2, 3)),
        Unsupported,
        "its int16 tensors have zero points other",
    ),
    (one("RELU", tensor("x", 2, 3, q=quant(1e20, 0))), Unsupported, "its scales lie too far apart"),
    (
        one("RELU_N1_TO_1", s16("x", 2, 3), s16("y", 2, 3)),
        Unsupported,
        "x int16[2, 3] is not one of float32, int8, uint8",
    ),
    (
        one("RELU6", tensor("x", 2, 3, q=quant(1e-12, 0))),
        Unsupported,
        "its limit 6 in steps of 1e-12 is beyond int32; check the range of this layer and quantize again",
    ),
    (one("LEAKY_RELU", alpha=NAN), BadInput, "its slope below 0 is nan; convert the model again"),
    (
        one("LEAKY_RELU", alpha=1e20),
        Unsupported,
        "its scales lie too far apart (a multiplier of 1e+20 is 2**31 or more)",
    ),
    (prelu(slope=tensor("slope", 2)), BadInput, "x int8[2, 3] and slope int8[2] do not broadcast to y int8[2, 3]"),
    (
        prelu(slope=floats("slope", 3)),
        Unsupported,
        "its slopes, slope float32[3], are not int8; convert the model again",
    ),
    (
        prelu(s16("x", 2, 3), s16("slope", 3), s16("y", 2, 3)),
        Unsupported,
        "its slopes, slope int16[3], are not int8",
    ),
    (prelu(floats("x", 2, 3), y=floats("y", 2, 3)), Unsupported, "its slopes, slope int8[3], are not float32"),
    (prelu(tensor("x", 1, 3)), BadInput, "x int8[1, 3] does not give y int8[2, 3]"),
    (prelu(tensor("x", 2, 3, q=quant(1e20, 0))), Unsupported, "its scales lie too far apart"),
    # ------------------------------------------------------------------------------------------------- CAST
    (
        one("CAST", tensor("x", 2, 3, dtype=DType.FLOAT16, q=None)),
        Unsupported,
        "x float16[2, 3] is not one of int8, int16, int32, int64, uint8, uint16, uint32, bool, float32",
    ),
    (one("CAST", y=tensor("y", 2, 3, dtype=DType.FLOAT16, q=None)), Unsupported, "y float16[2, 3] is not one of int8"),
    (one("CAST", y=tensor("y", 2, 2)), BadInput, "x int8[2, 3] does not give y int8[2, 2]"),
    # -------------------------------------------------------------------------- softmaxes and normalizations
    (
        softmax_s16(y=s16("y", 2, 3, q=quant(1 / 256, 0))),
        Unsupported,
        "its output has scale 0.00390625 and zero point 0",
    ),
    (softmax_s16(s16("x", 2, 3, q=quant(0.5, 1))), Unsupported, "x int16[2, 3] has a zero point other than 0"),
    (softmax_s16(y=tensor("y", 2, 3, q=PROBABILITIES)), Unsupported, "y int8[2, 3], does not go with int16"),
    (softmax_s16(s16("x", 65536), s16("y", 65536)), Unsupported, "its rows have more than 65,535 elements"),
    (softmax_s16(s16("x", 2, 3, q=quant(1e8, 0))), Unsupported, "its scales lie too far apart"),
    (one("SOFTMAX", floats("x"), floats("y"), beta=1.0), BadInput, "x float32[] has no axis to sum along"),
    (one("SOFTMAX", tensor("x", 2, 3, dtype=DType.INT32), beta=1.0), Unsupported, "is not one of int8, int16, float32"),
    (log_softmax(y=tensor("y", 2, 3)), Unsupported, "its output has scale 0.5 and zero point 3, not 0.0625 and 127"),
    (log_softmax(tensor("x", 2, 3, q=quant(1e-8, 0))), Unsupported, "the scale of x int8[2, 3], 1e-08, is too small"),
    (
        log_softmax(tensor("x", 4096), tensor("y", 4096, q=LOGARITHMS)),
        Unsupported,
        "its rows have more than 4,095 elements; split the classes into groups",
    ),
    (log_softmax(floats("x"), floats("y")), BadInput, "x float32[] has no axis to sum along"),
    (
        one("L2_NORMALIZATION", fused_activation_function=1),
        Unsupported,
        "a fused activation, RELU, which TFLM does not do",
    ),
    (one("L2_NORMALIZATION", floats("x"), floats("y")), BadInput, "x float32[] has no axis to sum along"),
    (
        one("L2_NORMALIZATION", tensor("x", 33026), tensor("y", 33026)),
        Unsupported,
        "its rows have more than 33,025 elements; normalize shorter rows",
    ),
    # ------------------------------------------------------------------------------------------- DEQUANTIZE
    (
        one("DEQUANTIZE", tensor("x", 2, 3, q=Quant((1.0, 2.0, 3.0), (0, 1, 2), 0)), floats("y", 2, 3)),
        BadInput,
        "x int8[2, 3] has 3 scales along axis 0; convert the model again",
    ),
    (
        one("DEQUANTIZE", tensor("x", 2, 3, q=Quant((1.0, NAN), (0, 1), 0)), floats("y", 2, 3)),
        BadInput,
        "x int8[2, 3] has 2 scales along axis 0",
    ),
    (
        one("DEQUANTIZE", constant("x", np.zeros((2, 2), np.float16), None), floats("y", 2, 3)),
        BadInput,
        "x float16[2, 2] does not give y float32[2, 3]",
    ),
]


@pytest.mark.parametrize(("refused", "error", "words"), REFUSALS)
def test_is_refused(refused: Node, error: type[MotesError], words: str) -> None:
    with pytest.raises(error) as caught:
        refused.op.check(refused)
    assert type(caught.value) is error
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{refused.op.title} n (operator 7): ")
